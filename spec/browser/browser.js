// What all that looks at pages begins with: the browser, and who logs in to Chatwoot.

const { chromium } = require("playwright-core");

const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

const logIn = async (tab, url, { email, password }) => {
  await tab.goto(`${url}/app/login`);
  await tab.fill("input[type=email], input[name=email_address]", email);
  await tab.fill("input[type=password]", password);
  await tab.click("button[type=submit]");
  await tab.waitForURL(/\/app\/accounts\//);
};

module.exports = { launch, logIn };
