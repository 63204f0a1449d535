// Works in the panel of a conversation as an agent does, in headless Chromium, and looks at it. Standard input is {"url",
// "account", "email", "password", "talk", "refused", "note", "title"}: the numbers of two conversations, and what
// is written in the first one's panel. Pictures go to the folder that the first argument names. Prints what was read, what axe found, and what ran that
// should not have.

const fs = require("node:fs");
const { launch, logIn } = require("./browser");
const { watched, lookedAt } = require("./looks");

const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const seen = { dialogs: [], errors: [], axe: {}, wide: [] };

const text = (page) => page.locator("main").innerText();

// The page by itself, as on a phone.
const alone = async (tab, talk) => {
  await tab.goto("about:blank");
  await tab.goto(`${asked.url}/krayin_sync/panel#account=${asked.account}&conversation=${talk}`);
  await tab.locator("main .card").first().waitFor();
};

async function agent(browser) {
  const tab = await watched(browser, seen);
  await logIn(tab, asked.url, asked);
  await tab.goto(`${asked.url}/app/accounts/${asked.account}/conversations/${asked.talk}`);
  await tab.getByText("Lead in Krayin").first().click();
  const frame = tab.frameLocator("iframe[id^=dashboard-app]");
  await frame.locator("#notes").waitFor();
  seen.tab = await text(frame);
  await tab.screenshot({ path: `${process.argv[2]}/panel-in-chatwoot.png` });

  await alone(tab, asked.talk);
  await tab.locator("#notes").waitFor();
  await lookedAt(tab, "panel", seen);

  // By keyboard alone: the lead goes on, and the bar keeps the keyboard.
  const told = (words) => tab.locator("#told").filter({ hasText: words }).waitFor();
  await tab.getByRole("button", { name: "Move to Prospect" }).focus();
  await tab.keyboard.press("Enter");
  await told("The lead has moved.");
  await tab.locator(".stages .now").filter({ hasText: "Prospect" }).waitFor();
  await tab.getByLabel("Note", { exact: true }).fill(asked.note);
  await tab.getByRole("button", { name: "Add the note" }).dblclick();
  await told("The note is in Krayin.");
  await tab.locator("#notes ~ .entries").filter({ hasText: asked.note.slice(-4) }).waitFor();
  seen.noted = await text(tab);
  await tab.getByText("Value, owner, expected close").click();
  await tab.getByLabel("Value", { exact: true }).first().fill("77.5");
  await tab.locator("#panel-owner option").nth(1).waitFor({ state: "attached" });
  await tab.getByRole("button", { name: "Save" }).first().click();
  await told("The value is set.");
  await tab.getByText("New lead", { exact: true }).click();
  await tab.getByLabel("Title", { exact: true }).fill(asked.title);
  await tab.locator("#panel-new-source option").nth(1).waitFor({ state: "attached" });
  await lookedAt(tab, "panel-forms", seen);
  await tab.getByRole("button", { name: "Make the lead" }).click();
  await told("The lead is in Krayin.");
  await tab.getByRole("button", { name: "Put this conversation on this lead" }).click();
  await told("The conversation is on this lead.");
  await tab.getByRole("button", { name: "Move to Lost" }).click();
  await tab.locator("#why-lost").fill("Too dear");
  await lookedAt(tab, "panel-lost", seen);
  await tab.keyboard.press("Escape");
  await tab.locator("dialog").waitFor({ state: "detached" });
  seen.done = await text(tab);
  seen.open = await tab.locator("details[open]").count();

  await alone(tab, asked.refused);
  await tab.getByRole("button", { name: "Do it now" }).waitFor();
  seen.why = await text(tab);
  await lookedAt(tab, "panel-refused", seen);
  await tab.getByRole("button", { name: "Do it now" }).focus();
  await tab.keyboard.press("Enter");
  await tab.locator("#notes").waitFor();
  seen.arrived = await text(tab);
  await tab.context().close();
}

(async () => {
  const browser = await launch();
  try {
    await agent(browser);
  } catch (error) {
    seen.failed = error.message;
  }
  await browser.close();
  process.stdout.write(JSON.stringify(seen));
})();
