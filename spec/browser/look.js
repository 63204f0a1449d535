// Opens each page that standard input lists (a JSON list of {"name", "file"}) in headless Chromium, and prints what a
// person would meet there: dialogs that opened, errors, the text that can be read. Pictures of the first pages go to the
// folder that the first argument names.

const fs = require("node:fs");
const path = require("node:path");
const { launch } = require("./browser");

const PICTURES = 6;

(async () => {
  const pages = JSON.parse(fs.readFileSync(0, "utf8"));
  const browser = await launch();
  const tab = await browser.newPage({ viewport: { width: 1000, height: 700 } });
  let met = { dialogs: [], errors: [] };
  tab.on("dialog", async (dialog) => {
    met.dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  tab.on("pageerror", (error) => met.errors.push(error.message));
  const seen = [];
  for (const [at, { name, file }] of pages.entries()) {
    met = { dialogs: [], errors: [] };
    await tab.goto(`file://${file}`, { waitUntil: "load" });
    const text = await tab.evaluate(async () => {
      // What runs only once an image has failed to load.
      await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
      await new Promise((done) => setTimeout(done));
      return document.body.innerText;
    });
    if (at < PICTURES) await tab.screenshot({ path: path.join(process.argv[2], `${name}.png`) });
    seen.push({ name, ...met, text });
  }
  await browser.close();
  process.stdout.write(JSON.stringify(seen));
})();
