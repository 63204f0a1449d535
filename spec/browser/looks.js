// A page that is watched, and looked at in both widths and both themes.

const fs = require("node:fs");
const path = require("node:path");

const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

// What runs, and what a page of ours complains of, is noted in `seen`; which complaints are, `counts` says.
async function watched(browser, seen, options, counts = (said) => said.location().url.includes("krayin")) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const tab = await context.newPage();
  tab.setDefaultTimeout(60000);
  tab.on("dialog", async (dialog) => {
    seen.dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  tab.on("pageerror", (error) => seen.errors.push(error.message));
  tab.on("console", (said) => {
    if (said.type() === "error" && counts(said, tab)) seen.errors.push(said.text());
  });
  return tab;
}

async function violations(tab) {
  await tab.evaluate(AXE);
  return tab.evaluate(async () =>
    (await window.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`));
}

async function lookedAt(tab, name, seen) {
  for (const [width, height] of [[1280, 900], [390, 844]]) {
    await tab.setViewportSize({ width, height });
    for (const colorScheme of ["light", "dark"]) {
      await tab.emulateMedia({ colorScheme });
      await tab.waitForTimeout(200);
      await tab.screenshot({ path: path.join(process.argv[2], `${name}-${width}-${colorScheme}.png`), fullPage: true });
      seen.axe[`${name}-${width}-${colorScheme}`] = await violations(tab);
    }
    // What sticks out of the page or of a card.
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth > innerWidth
      || [...document.querySelectorAll(".card")].some((card) => card.scrollWidth > card.clientWidth));
    if (wide) seen.wide.push(`${name}-${width}`);
  }
  await tab.setViewportSize({ width: 1280, height: 900 });
  await tab.emulateMedia({ colorScheme: "light" });
}

module.exports = { watched, lookedAt, violations };
