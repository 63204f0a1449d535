// What is planned with the contact, and what was noted last.

import { make } from "./dom.js";
import { moment, say } from "./words.js";
import { noteForm } from "./panel_forms.js";

function planned(one) {
  return make("li", {},
    make("strong", {}, one.title || say(`activity_${one.type}`)),
    make("span", { class: "quiet" }, [moment(one.from), one.title && say(`activity_${one.type}`)].filter(Boolean).join(" · ")),
    one.text && make("p", { class: "said" }, one.text));
}

function note(one) {
  return make("li", {},
    one.title && make("strong", {}, one.title),
    make("span", { class: "quiet" }, [one.by, moment(one.at)].filter(Boolean).join(" · ")),
    // By keyboard too it can be read to its end.
    one.text && make("p", { class: "said", tabindex: 0 }, one.text));
}

function list(name, entries, draw, ...more) {
  return make("section", { class: "card", "aria-labelledby": name }, make("h2", { id: name }, say(name)), more,
    entries.length ? make("ul", { class: "entries" }, entries.map(draw)) : make("p", { class: "quiet" }, say(`no_${name}`)));
}

export function activities(drawn) {
  const { fresh, known } = drawn;
  if (!fresh.notes) return null;
  return make("div", { class: "columns" }, list("notes", fresh.notes, note, known.acts && noteForm(drawn)),
    list("next", fresh.next, planned));
}
