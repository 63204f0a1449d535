// How much was done, how fast, and where leads come from.

import { button, fill, make, tell } from "./dom.js";
import { brief, number, say, span } from "./words.js";
import { columns, numbers } from "./chart.js";

const STATES = ["synced", "skipped", "doubtful", "waiting", "refused"];
const ENDS = ["persons", "leads", "won", "lost"];
const TIMES = ["delay", "to_lead", "to_reply", "to_won"];
const DAYS = [1, 7, 30, 90, 365];

const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

function day(back) {
  const at = new Date();
  at.setDate(at.getDate() - back);
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

function of(told, key) {
  const rows = told.of[key];
  if (!rows.length) return null;
  const names = rows.map((row) => row.name || (row.id ? `#${row.id}` : say("of_none")));
  const title = say(`of_${key}`);
  return make("section", { class: "card", "aria-labelledby": `of-${key}` },
    make("h2", { id: `of-${key}` }, title),
    make("div", { class: "wide", tabindex: 0, role: "group", "aria-label": title },
      numbers(title, say(`by_${key}`), names, ENDS.map((name) => ({ name: say(`ends_${name}`), values: rows.map((row) => row[name]) })))));
}

function times(told) {
  const rows = TIMES.map((name) => [name, told.times_taken[name]]).filter(([, one]) => one.count);
  if (!rows.length) return make("p", { class: "quiet" }, say("none_yet"));
  return make("table", { class: "counts" },
    make("caption", { class: "hidden" }, say("times")),
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, say("time_what")), make("th", { scope: "col" }, say("median")),
      make("th", { scope: "col" }, say("most")), make("th", { scope: "col" }, say("how_often")))),
    make("tbody", {}, rows.map(([name, one]) => make("tr", {}, make("th", { scope: "row" }, say(`time_${name}`)),
      make("td", {}, span(one.median)), make("td", {}, span(one.most)), make("td", {}, number(one.count))))));
}

function failures(told) {
  if (!told.failures.length) return make("p", { class: "quiet" }, say("no_failures"));
  return make("ul", { class: "reasons" }, told.failures.map((one) => make("li", { class: "failure" },
    make("span", { class: "sentence" }, one.sentence), make("span", {}, number(one.count)))));
}

// What the browser is given to keep is the server's file.
async function keep(connection, wanted) {
  try {
    const file = URL.createObjectURL(new Blob([await connection.analyticsCsv(wanted)], { type: "text/csv" }));
    const link = make("a", { download: "krayin.csv" });
    link.href = file;
    link.click();
    URL.revokeObjectURL(file);
  } catch (error) {
    tell(error.message || say("failed"), true);
  }
}

export async function analytics({ main, connection, asked, address }) {
  const days = DAYS.includes(Number(asked.days)) ? Number(asked.days) : 7;
  const wanted = { from: day(days - 1), to: day(0), zone: zone() };
  const told = await connection.analytics(wanted);
  const names = told.times.map((time) => brief(time, told.step));
  const stacked = (keys, prefix) => keys.map((key) => ({ key, name: say(`${prefix}_${key}`), values: told.series[key] }));
  const choice = make("select", { id: "days", on: { change: (event) => { location.hash = address({ part: "analytics", days: event.target.value }); } } },
    DAYS.map((one) => make("option", { value: one, selected: one === days }, say("last_days", { count: one }))));
  fill(main,
    make("section", { class: "card", "aria-labelledby": "done" },
      make("div", { class: "row" }, make("h2", { id: "done" }, say("part_analytics")),
        make("label", { class: "hidden", for: "days" }, say("time")), choice, button(say("csv"), () => keep(connection, wanted))),
      columns(say("events"), names, stacked(STATES, "state")),
      columns(say("requests"), names, [{ key: "requests", name: say("requests"), values: told.series.requests }]),
      told.use.length > 0 && columns(say("use", { limit: told.budget }), names, [{ key: "requests", name: "%", values: told.use }])),
    make("section", { class: "card", "aria-labelledby": "made" },
      make("h2", { id: "made" }, say("made")), make("p", { class: "quiet" }, say("made_about")),
      ENDS.map((key) => columns(say(`ends_${key}`), names, [{ key, name: say(`ends_${key}`), values: told.series[key] }]))),
    make("section", { class: "card", "aria-labelledby": "times" },
      make("h2", { id: "times" }, say("times")), make("div", { class: "wide", tabindex: 0, role: "group", "aria-label": say("times") }, times(told))),
    make("section", { class: "card", "aria-labelledby": "failures" },
      make("h2", { id: "failures" }, say("failures")), failures(told)),
    ["inbox", "source", "agent"].map((key) => of(told, key)));
}
