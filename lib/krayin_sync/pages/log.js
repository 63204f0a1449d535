// What was done of late: which event, of whom, what became of it and what it took.

import { button, fill, make, outside } from "./dom.js";
import { moment, number, say } from "./words.js";
import { badge } from "./status.js";

const KINDS = ["contact", "conversation", "message"];
const MADE = ["person", "lead", "organization", "activity"];

function field(label, id, control) {
  return make("div", { class: "field" }, make("label", { for: id }, label), control);
}

// The day as the reader's clock has it.
function bounds(day) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day || "")) return {};
  const from = new Date(`${day}T00:00:00`);
  const to = new Date(from);
  to.setDate(to.getDate() + 1);
  return { from: from.toISOString(), to: to.toISOString() };
}

function filters(asked, address) {
  const go = (changes) => { location.hash = address({ part: "log", ...changes }); };
  const search = make("input", { id: "who", type: "search", value: asked.contact || "", autocomplete: "off" });
  const day = make("input", { id: "day", type: "date", value: asked.day || "" });
  const failed = make("select", { id: "failed" }, [["", say("any")], ["true", say("log_failed")]]
    .map(([value, text]) => make("option", { value, selected: value === (asked.failed || "") }, text)));
  return make("form", {
    class: "filters log-filters", role: "search",
    on: {
      submit: (event) => {
        event.preventDefault();
        go({ contact: search.value.trim(), day: day.value, failed: failed.value });
      },
    },
  },
  field(say("log_contact"), "who", search), field(say("log_day"), "day", day), field(say("log_what"), "failed", failed),
  make("button", { type: "submit", class: "button main" }, say("find")));
}

function wrote(line) {
  return line.wrote.map((what) => {
    const name = what.replace(/^\+/, "");
    const said = MADE.includes(name) ? say(`log_made_${name}`) : name;
    return say(what.startsWith("+") ? "log_created" : "log_updated", { what: said });
  }).join(", ");
}

function entry(line) {
  const kind = KINDS.find((one) => line.kind.startsWith(one));
  const who = line.name || (line.contact_id ? `#${line.contact_id}` : `#${line.record_id}`);
  const what = line.number ? `#${line.number} · ${who}` : who;
  return make("li", { class: "record line" },
    make("div", { class: "who" },
      line.page ? outside(line.page, what, `${what} (${say("in_chatwoot")})`) : make("span", {}, what),
      make("span", { class: "quiet" }, moment(line.at))),
    make("div", { class: "where" }, badge(line.status),
      line.krayin.length > 0 && make("span", { class: "there" }, line.krayin.map(({ type, id, page }) => {
        const text = `${say(`krayin_${type}`)} ${id}`;
        return page ? outside(page, text, `${text} (${say("in_krayin")})`) : make("span", {}, text);
      }))),
    make("div", { class: "why" },
      make("span", {}, [kind && say(`kind_${kind}`), line.event].filter(Boolean).join(" · ")),
      line.wrote.length > 0 && make("span", {}, wrote(line)),
      line.reasons.map((reason) => make("span", {}, reason.sentence)),
      make("span", { class: "quiet" }, say("log_took", { count: line.requests, ms: number(line.duration_ms) }))));
}

export async function log({ main, connection, asked, address }) {
  const wanted = { contact: asked.contact, failed: asked.failed, ...bounds(asked.day) };
  const page = await connection.log(wanted);
  const list = make("ul", { class: "records", "aria-label": say("part_log") });
  const more = make("div", { class: "more" });
  const add = ({ lines, after }) => {
    list.append(...lines.map(entry));
    fill(more, after && button(say("more"), async () => {
      const last = list.lastElementChild;
      add(await connection.log({ ...wanted, after }));
      last?.nextElementSibling?.querySelector("a")?.focus();
    }));
  };
  add(page);
  fill(main, make("section", { class: "card", "aria-labelledby": "list" },
    make("h2", { id: "list" }, say("part_log")),
    make("p", { class: "quiet" }, say("log_about")),
    filters(asked, address),
    page.lines.length ? list : make("p", { class: "quiet" }, say("none_found")),
    more));
}
