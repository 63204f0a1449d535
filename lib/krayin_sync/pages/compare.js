// A contact and the persons whom it may be, beside each other, and who it is.

import { button, fill, make, outside } from "./dom.js";
import { say } from "./words.js";

function side(heading, rows, ...more) {
  const known = rows.filter(([, value]) => value && value.length);
  return make("div", { class: "side" }, make("h3", {}, heading),
    make("dl", { class: "facts" }, known.map(([name, value]) => make("div", {},
      make("dt", {}, name), make("dd", {}, Array.isArray(value) ? value.join(", ") : value)))), more);
}

export async function compare({ link, connection, place, act }) {
  fill(place, make("p", { class: "quiet" }, say("asking")));
  let sides;
  try {
    sides = await connection.sides(link.record_id);
  } catch (error) {
    fill(place, make("p", { class: "wrong" }, error.message || say("failed")));
    return;
  }
  const decide = (verdict, person) => act(() => connection.decide({ record_id: link.record_id, verdict, person }), `decided_${verdict}`);
  const persons = sides.persons.map((person) => side(
    person.page ? outside(person.page, `${say("krayin_person")} ${person.id}`) : `${say("krayin_person")} ${person.id}`,
    [[say("name"), person.name], [say("emails"), person.emails], [say("numbers"), person.numbers],
      [say("organization"), person.organization], [say("why_unknown"), person.error]],
    button(say("same"), () => decide("same", person.id), "main", { "aria-label": `${say("same")}: ${person.name || person.id}` })));
  fill(place, make("div", { class: "sides", role: "group", "aria-label": say("compare") },
    side(say("kind_contact"), [[say("name"), sides.contact.name], [say("emails"), sides.contact.email],
      [say("numbers"), sides.contact.phone_number], [say("organization"), sides.contact.organization]]),
    persons),
  make("div", { class: "actions" },
    button(say("another"), () => decide("another")),
    button(say("later"), () => decide("later"), "quiet")));
  place.querySelector("button")?.focus();
}
