// A look at Krayin when somebody asks for one: each thing that was looked at, and what mends it.

import { button, fill, make } from "./dom.js";
import { say } from "./words.js";

// As the badges of records are coloured.
const COLOURS = { ok: "synced", note: "waiting", warn: "skipped", fail: "refused" };

function finding(found) {
  return make("li", {},
    make("span", { class: `badge ${COLOURS[found.severity]}` }, say(`check_${found.severity}`)),
    make("span", { class: "sentence" }, `${say(`at_${found.check}`)}: ${found.message}`,
      found.advice && make("span", { class: "advice" }, found.advice)));
}

export function check(connection) {
  const findings = make("div", { "aria-live": "polite" });
  const look = async () => {
    fill(findings, make("p", { class: "quiet" }, say("check_on")));
    try {
      const told = await connection.check();
      fill(findings, make("ul", { class: "reasons checked" }, told.findings.map(finding)));
    } catch (refused) {
      fill(findings, make("p", { class: "wrong" }, refused.message));
    }
  };
  return make("section", { class: "card", "aria-labelledby": "check" },
    make("div", { class: "row" }, make("h2", { id: "check" }, say("check")), button(say("check_now"), look)),
    make("p", { class: "quiet" }, say("check_about")), findings);
}
