// Looks at a contact as an agent does, in headless Chromium, at a desk and on a phone: the panel beside the conversation.
// Standard input is {"url", "account", "email", "password", "conversation"}; the pictures go to the folder that the first
// argument names. Prints what is to be read there, by window.

const fs = require("node:fs");
const path = require("node:path");
const { launch, logIn } = require("./browser");

const WINDOWS = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

const asked = JSON.parse(fs.readFileSync(0, "utf8"));

// The panel may be closed, and its parts too.
const open = async (tab) => {
  const part = tab.getByText("Contact Attributes").first();
  if (!(await part.isVisible())) await tab.locator("button:has([class*='i-ph-user'])").last().click();
  await part.waitFor();
  // A tab of the conversation is called as the link is.
  if (!(await tab.getByText("Lead value").first().isVisible())) await part.click();
  await tab.getByText("Lead value").first().waitFor();
  await tab.getByText("Lead value").first().scrollIntoViewIfNeeded();
};

(async () => {
  const browser = await launch();
  const seen = {};
  for (const [name, viewport] of Object.entries(WINDOWS)) {
    const tab = await browser.newPage({ viewport });
    tab.setDefaultTimeout(60000);
    await logIn(tab, asked.url, asked);
    await tab.goto(`${asked.url}/app/accounts/${asked.account}/conversations/${asked.conversation}`);
    await tab.getByText("Hello").first().waitFor({ state: "attached" });
    await open(tab);
    await tab.screenshot({ path: path.join(process.argv[2], `contact-${name}.png`) });
    seen[name] = await tab.evaluate(() => document.body.innerText);
    await tab.close();
  }
  await browser.close();
  process.stdout.write(JSON.stringify(seen));
})();
