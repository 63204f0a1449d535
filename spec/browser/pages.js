// Works on the pages of an account's Krayin as an administrator does, in headless Chromium, and looks at them. Standard
// input is {"url", "account", "email", "password", "agent": {"email", "password"}, "refused", "doubtful", "heal"}: whom a
// list is to show, and where the simulator is mended. Pictures go to the folder that the first argument names. Prints
// what was read, what axe found, and what ran that should not have.

const fs = require("node:fs");
const { launch, logIn } = require("./browser");
const { watched, lookedAt, violations } = require("./looks");

const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const seen = { dialogs: [], errors: [], axe: {}, wide: [] };

// Where there was no run yet, and what is refused, is no complaint.
const complains = (said, tab) => !/\/(backfill|settings)$/.test(said.location().url) && tab.url().includes("/krayin_sync");
const open = (browser, options) => watched(browser, seen, options, complains);
const look = (tab, name) => lookedAt(tab, name, seen);

const text = (tab) => tab.locator("main").innerText();
const go = async (tab, part, more = "") => {
  await tab.goto("about:blank");
  await tab.goto(`${asked.url}/krayin_sync#account=${asked.account}&part=${part}${more}`);
  await tab.locator("main .card").first().waitFor();
};

// As Chatwoot's dashboard does when its user chooses a language.
async function choose(tab, locale) {
  await tab.evaluate(async (chosen) => {
    const kept = JSON.parse(decodeURIComponent(document.cookie.match(/cw_d_session_info=([^;]*)/)[1]));
    const headers = { "content-type": "application/json" };
    for (const name of ["access-token", "token-type", "client", "expiry", "uid"]) headers[name] = kept[name];
    await fetch("/api/v1/profile", { method: "PUT", headers, body: JSON.stringify({ profile: { ui_settings: { locale: chosen } } }) });
  }, locale);
}

const row = (tab, who) => tab.locator(".record").filter({ hasText: who });

async function administrator(browser) {
  const stranger = await open(browser, { locale: "pt-BR" });
  await stranger.goto(`${asked.url}/krayin_sync`);
  await stranger.locator("main h2").waitFor();
  seen.logged_out = await text(stranger);
  await stranger.context().close();
  const tab = await open(browser);
  await logIn(tab, asked.url, asked);
  await go(tab, "status");
  await tab.locator(".counts").waitFor();
  seen.status = await text(tab);
  await tab.getByRole("button", { name: "Look now" }).click();
  await tab.locator(".checked li").first().waitFor();
  seen.check = await tab.locator(".checked").innerText();
  await look(tab, "status");

  // By keyboard alone: from the number of the refused to the list.
  await tab.locator(".counts a[href*='state=refused']").first().focus();
  await tab.keyboard.press("Enter");
  await row(tab, asked.refused).waitFor();
  seen.refused = await row(tab, asked.refused).innerText();
  await look(tab, "records");
  await fetch(asked.heal, { method: "DELETE" });
  await row(tab, asked.refused).getByRole("button", { name: /^Try again/ }).click();
  await tab.locator("#told").filter({ hasText: "tried again" }).waitFor();
  for (let turn = 0; turn < 120; turn += 1) {
    await go(tab, "records", `&search=${encodeURIComponent(asked.refused)}`);
    seen.arrived = await row(tab, asked.refused).innerText();
    if (seen.arrived.includes("In Krayin")) break;
    await tab.waitForTimeout(500);
  }

  await go(tab, "records", "&state=doubtful");
  await row(tab, asked.doubtful).getByRole("button", { name: /^Who is it/ }).click();
  await tab.locator(".side").nth(1).waitFor();
  seen.sides = await tab.locator(".sides").innerText();
  await look(tab, "doubtful");
  await tab.getByRole("button", { name: /^Same person/ }).click();
  await tab.locator("#told").filter({ hasText: "is that person" }).waitFor();

  await go(tab, "records");
  await row(tab, asked.doubtful).getByRole("button", { name: /^Keep out/ }).click();
  await tab.locator("dialog").waitFor();
  await look(tab, "question");
  await tab.keyboard.press("Escape");
  await tab.locator("dialog").waitFor({ state: "detached" });
  // Who was asked is where they were.
  seen.focused = await tab.evaluate(() => document.activeElement.textContent);

  await go(tab, "log");
  await tab.fill("#who", asked.refused);
  await tab.selectOption("#failed", "true");
  await tab.locator("#who").press("Enter");
  // Whom nobody asked for is shown no more.
  await row(tab, asked.doubtful).first().waitFor({ state: "detached" });
  await row(tab, asked.refused).first().waitFor();
  seen.log = await text(tab);
  await look(tab, "log");

  await go(tab, "analytics", "&days=30");
  await tab.locator(".chart").first().waitFor();
  seen.analytics = await text(tab);
  await tab.locator("summary").first().focus();
  await tab.keyboard.press("Enter");
  seen.table = await tab.locator("details[open] table").first().innerText();
  const file = tab.waitForEvent("download");
  await tab.getByRole("button", { name: "Download CSV" }).click();
  seen.csv = fs.readFileSync(await (await file).path(), "utf8");
  await look(tab, "analytics");

  await go(tab, "settings");
  await tab.fill("#set-api_token", "9|none");
  await tab.getByRole("button", { name: "Check and save" }).click();
  await tab.locator("#set-api_token-wrong").filter({ hasText: /./ }).waitFor();
  seen.token_wrong = await tab.locator("#set-api_token-wrong").innerText();
  await tab.fill("#set-api_token", "");
  await tab.getByRole("button", { name: "Add a line: More rules for stages" }).click();
  await tab.keyboard.type("whenever");
  await tab.getByRole("button", { name: "Check and save" }).click();
  await tab.locator("#set-stage_rules-wrong").filter({ hasText: /./ }).waitFor();
  seen.rule_wrong = await tab.locator("#set-stage_rules-wrong").innerText();
  // Who is told what is wrong is where it is.
  seen.led_to = await tab.evaluate(() => document.activeElement.value);
  await look(tab, "settings");
  await tab.keyboard.press("ControlOrMeta+A");
  await tab.keyboard.type("label vip");
  await tab.keyboard.press("Tab");
  await tab.keyboard.type("Negotiation");
  await tab.selectOption("#set-lead_pipeline_stage_id", { label: "Prospect" });
  await tab.getByRole("button", { name: "Check and save" }).click();
  await tab.locator("#told").filter({ hasText: "are saved" }).waitFor();
  await go(tab, "settings");
  seen.settings = await tab.evaluate(() => ({
    stage: document.querySelector("#set-lead_pipeline_stage_id").selectedOptions[0].textContent,
    rule: [...document.querySelectorAll("#set-stage_rules .pair input")].map((input) => input.value),
    mapped: [...document.querySelectorAll("#set-field_mapping .pair input")].map((input) => input.value),
    token: document.querySelector("#set-api_token").value,
    policy: document.querySelector("#set-lead_policy").value,
  }));

  await go(tab, "backfill");
  await tab.getByRole("button", { name: "Estimate" }).click();
  await tab.locator(".estimate dl").waitFor();
  seen.estimate = await tab.locator(".estimate").innerText();
  await tab.getByRole("button", { name: "Start" }).click();
  await tab.locator("dialog").getByRole("button", { name: "Start" }).click();
  await tab.getByText("Last run").waitFor();
  await tab.locator("[aria-labelledby=run] .badge").filter({ hasText: "Done" }).waitFor();
  seen.run = await tab.locator("[aria-labelledby=run]").innerText();
  await look(tab, "backfill");

  for (const locale of ["pt_BR", "es"]) {
    await choose(tab, locale);
    for (const part of ["status", "records", "log", "analytics", "backfill", "settings"]) {
      await go(tab, part);
      seen.axe[`${part}-${locale}`] = await violations(tab);
    }
    seen[locale] = await text(tab);
  }
  await tab.context().close();
}

async function agent(browser) {
  const tab = await open(browser);
  await logIn(tab, asked.url, asked.agent);
  await go(tab, "records");
  seen.agent = await text(tab);
  await tab.context().close();
}

(async () => {
  const browser = await launch();
  try {
    await administrator(browser);
    await agent(browser);
  } catch (error) {
    seen.failed = error.message;
  }
  await browser.close();
  process.stdout.write(JSON.stringify(seen));
})();
