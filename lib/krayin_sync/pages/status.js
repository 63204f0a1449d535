// How the connection stands, and how many records stand how.

import { check } from "./check.js";
import { button, fill, make, outside } from "./dom.js";
import { moment, number, say } from "./words.js";

const KINDS = ["contact", "conversation", "message"];
const STATES = ["synced", "waiting", "skipped", "refused", "doubtful"];
const EVERY = 15000;

export function badge(state, text = say(`state_${state}`)) {
  return make("span", { class: `badge ${state}` }, text);
}

function facts(told) {
  const budget = told.budget && make("span", { class: "budget" },
    make("meter", { min: 0, max: told.budget.limit, value: told.budget.remaining, "aria-label": say("budget") }),
    say("budget_left", { remaining: told.budget.remaining, limit: told.budget.limit }));
  const rows = [
    [say("address"), told.krayin ? outside(told.krayin, told.address) : told.address],
    told.since && [say("since"), moment(told.since)],
    [say("budget"), budget || say("budget_unknown")],
    told.tokens > 1 && [say("tokens"), number(told.tokens)],
    [say("waiting_jobs"), number(told.waiting)],
    told.learned_at && [say("learned_at"), moment(told.learned_at)],
  ].filter(Boolean);
  return make("dl", { class: "facts" }, rows.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

function counts(told, address) {
  const cell = (kind, state) => {
    const count = told.counts[kind]?.states[state] || 0;
    const href = address({ part: "records", kind, state, reason: null, search: null });
    return make("td", {}, count ? make("a", {
      href, "aria-label": `${say(`kind_${kind}`)}, ${say(`state_${state}`)}: ${number(count)}`,
    }, number(count)) : "0");
  };
  return make("table", { class: "counts" },
    make("caption", { class: "hidden" }, say("counts")),
    make("thead", {}, make("tr", {}, make("td", {}), KINDS.map((kind) => make("th", { scope: "col" }, say(`kinds_${kind}`))))),
    make("tbody", {}, STATES.map((state) => make("tr", {},
      make("th", { scope: "row" }, badge(state)), KINDS.map((kind) => cell(kind, state))))));
}

function reasons(told, address) {
  const all = KINDS.flatMap((kind) => (told.counts[kind]?.reasons || []).map((reason) => ({ kind, ...reason })));
  all.sort((one, other) => other.count - one.count);
  if (!all.length) return make("p", { class: "quiet" }, say("no_reasons"));
  return make("ul", { class: "reasons" }, all.slice(0, 20).map((reason) => make("li", {},
    badge(reason.state),
    make("span", { class: "sentence" }, reason.sentence),
    make("a", { href: address({ part: "records", kind: reason.kind, state: reason.state, reason: reason.code, search: null }) },
      `${say(`kinds_${reason.kind}`)}: ${number(reason.count)}`))));
}

export async function status({ main, connection, address }) {
  const state = make("section", { class: "card", "aria-labelledby": "standing" });
  const table = make("section", { class: "card", "aria-labelledby": "how-many" });
  const why = make("section", { class: "card", "aria-labelledby": "why" });
  const look = async () => {
    const told = await connection.status();
    fill(state, make("div", { class: "row" }, make("h2", { id: "standing" }, told.name), badge(told.state, say(`connection_${told.state}`)),
      button(say("refresh"), look)), make("p", {}, told.sentence), facts(told));
    fill(table, make("h2", { id: "how-many" }, say("counts")), counts(told, address));
    fill(why, make("h2", { id: "why" }, say("reasons")), make("p", { class: "quiet" }, say("reasons_about")), reasons(told, address));
  };
  await look();
  fill(main, state, check(connection), table, why);
  const timer = setInterval(() => {
    if (!document.hidden && !main.contains(document.activeElement)) look().catch(() => {});
  }, EVERY);
  return () => clearInterval(timer);
}
