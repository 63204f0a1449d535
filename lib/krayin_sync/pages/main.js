// Which account, connection and part of the page: all of it stands in the address, so that a link leads back here.

import { Account, Refused, profile } from "./api.js";
import { fill, make } from "./dom.js";
import { say, speak } from "./words.js";
import { status } from "./status.js";
import { records } from "./records.js";
import { log } from "./log.js";
import { analytics } from "./analytics.js";
import { backfill } from "./backfill.js";
import { settings } from "./settings.js";

const PARTS = { status, records, log, analytics, backfill, settings };
const main = document.getElementById("main");
const head = document.getElementById("head");
let shown = null;

const asked = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

function address(changes) {
  const pairs = Object.entries({ ...asked(), ...changes }).filter(([, value]) => value !== null && value !== "");
  return `#${new URLSearchParams(pairs)}`;
}

function choice(label, id, options, chosen, change) {
  const select = make("select", { id, on: { change: () => change(select.value) } },
    options.map(([value, text]) => make("option", { value, selected: String(value) === String(chosen) }, text)));
  return make("label", { class: "choice", for: id }, make("span", {}, label), select);
}

function drawHead(accounts, account, connections, connection, part) {
  const parts = Object.keys(PARTS).map((name) => make("a", {
    href: address({ part: name, state: null, reason: null, search: null, kind: null, contact: null, day: null, failed: null }),
    "aria-current": name === part ? "page" : null,
  }, say(`part_${name}`)));
  fill(head,
    make("div", { class: "bar" },
      make("img", { src: "/dashboard/images/integrations/krayin.png", alt: "", width: 28, height: 28 }),
      make("h1", {}, say("title")),
      accounts.length > 1 && choice(say("account"), "account", accounts.map((one) => [one.id, one.name]), account?.id,
        (id) => { location.hash = `#account=${id}`; }),
      connections.length > 1 && choice(say("connection"), "connection", connections.map((one) => [one.id, one.name]),
        connection?.id, (id) => { location.hash = address({ connection: id }); }),
      account && make("a", { class: "back", href: `/app/accounts/${account.id}/settings/integrations/krayin` },
        say("settings"))),
    connection && make("nav", { "aria-label": say("title") }, parts));
}

function message(title, text, ...more) {
  fill(main, make("section", { class: "card message" }, make("h2", {}, title), text && make("p", {}, text), more));
}

function failed(error) {
  if (error instanceof Refused && error.status === 401 && !document.cookie.includes("cw_d_session_info")) {
    return message(say("log_in"), say("log_in_how"), make("a", { class: "button main", href: "/app/login" }, say("log_in_go")));
  }
  if (error instanceof Refused && [401, 403].includes(error.status)) return message(say("not_allowed"), say("not_allowed_why"));
  return message(say("failed"), error instanceof Refused ? error.message : say("failed_why"));
}

async function show() {
  shown?.();
  shown = null;
  const wanted = asked();
  const user = await profile();
  await speak(user.ui_settings?.locale || navigator.language);
  document.getElementById("skip").textContent = say("skip");
  const accounts = user.accounts.filter((one) => one.role === "administrator");
  const account = wanted.account ? user.accounts.find((one) => String(one.id) === wanted.account)
    : accounts.find((one) => one.id === user.account_id) || accounts[0];
  if (!account || account.role !== "administrator") {
    drawHead(accounts, null, [], null, null);
    return message(say("not_allowed"), say("not_allowed_why"));
  }
  const asks = new Account(account.id);
  const { connections, locale } = await asks.connections();
  if (!user.ui_settings?.locale) await speak(locale);
  const connection = connections.find((one) => String(one.id) === wanted.connection) || connections[0];
  const part = PARTS[wanted.part] ? wanted.part : "status";
  drawHead(accounts, account, connections, connection, part);
  if (!connection) {
    return message(say("no_connection"), say("no_connection_how"),
      make("a", { class: "button main", href: `/app/accounts/${account.id}/settings/integrations/krayin` }, say("connect")));
  }
  shown = await PARTS[part]({ main, account: asks, connection: asks.connection(connection.id), asked: wanted, address,
    again: draw }) || null;
}

let turn = Promise.resolve();
function draw() {
  turn = turn.then(show).catch(failed);
  return turn;
}

document.getElementById("skip").addEventListener("click", () => main.focus());
addEventListener("hashchange", draw);
speak(navigator.language).then(draw, failed);
