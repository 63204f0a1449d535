// Looks at a contact as an agent does, in headless Chromium: the panel beside the conversation. Standard input is {"url",
// "account", "email", "password", "conversation"}; the picture goes to the folder that the first argument names. Prints
// what is to be read there.

const fs = require("node:fs");
const path = require("node:path");
const { launch, logIn } = require("./browser");

(async () => {
  const asked = JSON.parse(fs.readFileSync(0, "utf8"));
  const browser = await launch();
  const tab = await browser.newPage({ viewport: { width: 1600, height: 1400 } });
  tab.setDefaultTimeout(60000);
  await logIn(tab, asked.url, asked);
  await tab.goto(`${asked.url}/app/accounts/${asked.account}/conversations/${asked.conversation}`);
  await tab.getByText("Hello").first().waitFor();
  const open = tab.getByText("Contact Attributes").first();
  // The panel may be closed, and its parts too.
  if (!(await open.isVisible())) await tab.locator("button:has([class*='i-ph-user'])").last().click();
  await open.waitFor();
  // A tab of the conversation is called as the link is.
  if (!(await tab.getByText("Lead value").first().isVisible())) await open.click();
  await tab.getByText("Lead value").first().waitFor();
  const seen = await tab.evaluate(() => document.body.innerText);
  await tab.screenshot({ path: path.join(process.argv[2], "contact.png") });
  await browser.close();
  process.stdout.write(JSON.stringify({ page: seen }));
})();
