// The list: each record of Chatwoot, where it is in Krayin or why not, and what can be done about it.

import { button, fill, make, outside, tell } from "./dom.js";
import { moment, number, say } from "./words.js";
import { badge } from "./status.js";
import { compare } from "./compare.js";
import { confirm } from "./confirm.js";

const KINDS = ["contact", "conversation", "message"];
const STATES = ["synced", "waiting", "skipped", "refused", "doubtful", "absent"];
const RETRIED = ["waiting", "skipped", "refused"];

function field(label, id, control) {
  return make("div", { class: "field" }, make("label", { for: id }, label), control);
}

function select(id, options, chosen, change) {
  return make("select", { id, on: { change } },
    options.map(([value, text]) => make("option", { value, selected: value === (chosen || "") }, text)));
}

function whole(text) {
  return text.length > 90 ? `${text.slice(0, 88)}…` : text;
}

function filters(asked, counts, address) {
  const go = (changes) => { location.hash = address({ part: "records", ...changes }); };
  const kind = asked.kind || "contact";
  const known = (counts[kind]?.reasons || []).filter((reason) => !asked.state || reason.state === asked.state);
  const codes = [...new Map(known.map((reason) => [reason.code, reason])).values()];
  if (asked.reason && !codes.some((one) => one.code === asked.reason)) codes.push({ code: asked.reason, sentence: asked.reason });
  const search = make("input", { id: "search", type: "search", value: asked.search || "", autocomplete: "off" });
  return make("form", {
    class: "filters", role: "search",
    on: { submit: (event) => { event.preventDefault(); go({ search: search.value.trim() }); } },
  },
  field(say("search"), "search", search),
  field(say("kind"), "kind", select("kind", KINDS.map((one) => [one, say(`kinds_${one}`)]), kind,
    (event) => go({ kind: event.target.value, reason: null }))),
  field(say("state"), "state", select("state", [["", say("any")], ...STATES.map((one) => [one, say(`state_${one}`)])], asked.state,
    (event) => go({ state: event.target.value, reason: null }))),
  field(say("reason"), "reason", select("reason", [["", say("any")], ...codes.map((one) => [one.code, whole(one.sentence)])],
    asked.reason, (event) => go({ reason: event.target.value }))),
  make("button", { type: "submit", class: "button main" }, say("find")));
}

function title(link) {
  const name = link.name || link.email || link.phone_number || "";
  if (link.kind === "contact") return name || `#${link.record_id}`;
  return `#${link.number ?? link.record_id}${name ? ` · ${name}` : ""}`;
}

function there(link) {
  if (!link.krayin.length) return null;
  return make("span", { class: "there" }, link.krayin.map(({ type, id, page }) => {
    const text = `${say(`krayin_${type}`)} ${id}`;
    return page ? outside(page, text, `${text} (${say("in_krayin")})`) : make("span", {}, text);
  }));
}

function tried(link) {
  const at = moment(link.tried_at);
  if (link.tries > 0) return say("tried", { count: link.tries, at });
  return at && link.state !== "absent" ? say("looked_at", { at }) : "";
}

// What of it stays where it is while the list is drawn anew.
function line(link, { connection, changed }) {
  const row = make("li", { class: "record" });
  const what = title(link);
  const act = async (call, said) => {
    try {
      await call();
      tell(say(said, { what }));
      await changed(link, row);
    } catch (error) {
      tell(error.message || say("failed"), true);
    }
  };
  const named = { kind: link.kind, record_id: link.record_id };
  const beside = make("div", { class: "beside" });
  const actions = [
    link.state !== "synced" && link.state !== "doubtful"
      && button(say("retry"), () => act(() => connection.retry(named), "retried"), "plain", { "aria-label": `${say("retry")}: ${what}` }),
    link.state === "doubtful" && link.kind === "contact" && link.persons.length > 0
      && button(say("compare"), () => compare({ link, connection, place: beside, act }), "main", { "aria-label": `${say("compare")}: ${what}` }),
    !link.kept_out && button(say("keep_out"), async () => {
      if (await confirm(say("keep_out_sure", { what }), say("keep_out"))) await act(() => connection.keepOut(named), "kept_out");
    }, "quiet", { "aria-label": `${say("keep_out")}: ${what}` }),
  ];
  return fill(row,
    make("div", { class: "who" },
      link.page ? outside(link.page, what, `${what} (${say("in_chatwoot")})`) : make("span", {}, what),
      make("span", { class: "quiet" }, [link.email, link.phone_number].filter((one) => one && one !== what).join(" · "))),
    make("div", { class: "where" }, badge(link.state), there(link)),
    make("div", { class: "why" }, link.reason && make("span", {}, link.reason.sentence), make("span", { class: "quiet" }, tried(link))),
    make("div", { class: "actions" }, actions),
    beside);
}

function retryAll(asked, counts, connection, again) {
  const kind = asked.kind || "contact";
  if (!RETRIED.includes(asked.state) || asked.search) return null;
  const found = counts[kind]?.reasons.find((one) => one.state === asked.state && one.code === asked.reason);
  const count = asked.reason ? found?.count : counts[kind]?.states[asked.state];
  if (!count) return null;
  return button(say("retry_all", { count }), async () => {
    if (!await confirm(say("retry_all_sure", { count }), say("retry"))) return;
    try {
      await connection.retry({ kind, state: asked.state, reason: asked.reason });
      tell(say("retried_all", { count }));
      await again();
    } catch (error) {
      tell(error.message, true);
    }
  });
}

export async function records({ main, connection, asked, address, again }) {
  const wanted = { kind: asked.kind, state: asked.state, reason: asked.reason, search: asked.search };
  const [told, page] = await Promise.all([connection.status(), connection.links(wanted)]);
  const list = make("ul", { class: "records", "aria-label": say("part_records") });
  const more = make("div", { class: "more" });
  // Only this line is drawn anew: who works through a list stays where they are.
  const changed = async (link, row) => {
    const number = link.number ?? link.record_id;
    const found = await connection.links({ kind: link.kind, search: number });
    const now = found.links.find((one) => one.record_id === link.record_id);
    if (!now) return;
    const drawn = line(now, { connection, changed });
    row.replaceWith(drawn);
    drawn.querySelector("a, button")?.focus();
  };
  const add = ({ links, after }) => {
    list.append(...links.map((link) => line(link, { connection, changed })));
    fill(more, after && button(say("more"), async () => {
      const last = list.lastElementChild;
      add(await connection.links({ ...wanted, after }));
      last?.nextElementSibling?.querySelector("a")?.focus();
    }));
  };
  add(page);
  fill(main, make("section", { class: "card", "aria-labelledby": "list" },
    make("h2", { id: "list" }, say("part_records")),
    filters(asked, told.counts, address),
    retryAll(asked, told.counts, connection, again),
    page.links.length ? list : make("p", { class: "quiet" }, say("none_found")),
    more));
}
