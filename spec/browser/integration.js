// Connects Krayin as an administrator does, in headless Chromium: once with a wrong token, once with the right one.
// Standard input is {"url", "account", "email", "password", "settings"}; pictures go to the folder that the first argument
// names. Prints what was read on the way.

const fs = require("node:fs");
const path = require("node:path");
const { launch, logIn } = require("./browser");

(async () => {
  const asked = JSON.parse(fs.readFileSync(0, "utf8"));
  const browser = await launch();
  const tab = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  tab.setDefaultTimeout(60000);
  const seen = {};
  const keep = (name) => tab.screenshot({ path: path.join(process.argv[2], `${name}.png`) });
  const page = `${asked.url}/app/accounts/${asked.account}/settings/integrations`;

  await logIn(tab, asked.url, asked);

  await tab.goto(page);
  await tab.getByText("Krayin", { exact: true }).first().waitFor();
  await keep("list");

  const connect = async (settings, name) => {
    await tab.goto(`${page}/krayin`);
    await tab.getByRole("button", { name: "Add a new hook" }).click();
    for (const [field, value] of Object.entries(settings)) await tab.fill(`input[name=${field}]`, value);
    await keep(`${name}-form`);
    const answer = tab.waitForResponse((met) => met.url().endsWith("/integrations/hooks"));
    await tab.locator("form button[type=submit]:visible").last().click();
    const body = await (await answer).json();
    if (body.message) await tab.getByText(body.message).first().waitFor();
    await keep(name);
    return body.message;
  };
  seen.refused = await connect({ ...asked.settings, api_token: "9|none" }, "refused");
  seen.taken = await connect(asked.settings, "connected");
  await tab.goto(`${page}/krayin`);
  await tab.getByText(asked.settings.api_url).first().waitFor();
  seen.hooks = await tab.evaluate(() => document.body.innerText);
  await keep("hooks");
  await tab.goto(page);
  await tab.getByText("Krayin", { exact: true }).first().waitFor();
  seen.page = await tab.evaluate(() => document.body.innerText);
  await keep("state");
  await browser.close();
  process.stdout.write(JSON.stringify(seen));
})();
