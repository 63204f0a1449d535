// The page that lists an account's Krayins, in headless Chromium. Standard input is {"url", "account", "email", "password",
// "search"}; a picture goes to the folder that the first argument names. Prints what was read: the page's text, and that
// after the search.

const fs = require("node:fs");
const path = require("node:path");
const { launch, logIn } = require("./browser");

(async () => {
  const asked = JSON.parse(fs.readFileSync(0, "utf8"));
  const browser = await launch();
  const tab = await browser.newPage({ viewport: { width: 1280, height: 700 } });
  tab.setDefaultTimeout(60000);
  await logIn(tab, asked.url, asked);
  await tab.goto(`${asked.url}/app/accounts/${asked.account}/settings/integrations/krayin`);
  await tab.getByText(asked.search).first().waitFor();
  const text = () => tab.evaluate(() => document.body.innerText);
  const seen = { page: await text() };
  await tab.screenshot({ path: path.join(process.argv[2], "several.png") });
  await tab.fill("input[type=search]", asked.search);
  await tab.waitForTimeout(500);
  seen.found = await text();
  await browser.close();
  process.stdout.write(JSON.stringify(seen));
})();
