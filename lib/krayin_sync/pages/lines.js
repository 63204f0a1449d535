// Settings of many lines, each of which has two sides: a row a line, with the names that are known to choose from.

import { button, fill, make } from "./dom.js";
import { say } from "./words.js";

const SOURCES = ["contact.id", "contact.name", "contact.email", "contact.phone_number", "contact.identifier", "contact.labels",
  "location.city", "location.country", "company.name", "company.website", "company.city", "conversation.status",
  "conversation.priority", "conversation.labels", "conversation.url", "conversation.first_reply_seconds",
  "conversation.resolution_seconds", "assignee.name", "assignee.email", "team.name", "inbox.name", "channel.name",
  "campaign.title", "csat.rating", "csat.feedback", "first_touch.referer", "first_touch.utm_source",
  "first_touch.utm_campaign", "first_touch.channel", "first_touch.inbox"];

const SHAPES = {
  mapping: {
    signs: ["=", "<->"], apart: /[,\n]/,
    left: (lists) => lists.attributes,
    right: (lists) => [...lists.own.map((key) => `custom_attributes.${key}`), ...SOURCES],
  },
  lead_sources: {
    signs: ["="], last: true,
    left: (lists) => lists.inboxes.map((name) => `inbox ${name}`),
    right: (lists) => (lists.sources || []).map((one) => one.name),
  },
  stage_rules: {
    signs: ["->"],
    left: (lists) => [...lists.labels.map((name) => `label ${name}`), ...lists.teams.map((name) => `team ${name}`),
      ...lists.inboxes.map((name) => `inbox ${name}`), ...lists.agents.map((name) => `agent ${name}`)],
    right: (lists) => lists.pipelines.flatMap((one) => (one.stages || []).map((stage) => stage.name || stage.code)),
  },
};

// The longest sign that there is: one may stand within another.
function split(line, { signs, last }) {
  const sign = [...signs].sort((a, b) => b.length - a.length).find((one) => line.includes(one)) || signs[0];
  const at = last ? line.lastIndexOf(sign) : line.indexOf(sign);
  return at < 0 ? [line.trim(), "", sign] : [line.slice(0, at).trim(), line.slice(at + sign.length).trim(), sign];
}

/** @return what {@link settings} draws: an element, and the lines as one text */
export function lines(field, told, id) {
  const shape = SHAPES[field.kind];
  const given = String(field.value ?? "");
  const rows = make("div", { class: "lines", id, role: "group", "aria-label": field.label });
  const known = (side) => make("datalist", { id: `${id}-${side}` }, [...new Set(shape[side](told.lists))]
    .map((name) => make("option", { value: name })));
  const side = (name, value) => make("input", {
    type: "text", value, list: `${id}-${name}`, autocomplete: "off", "aria-label": `${field.label}: ${say(`line_${name}_${field.kind}`)}`,
  });
  const body = make("div", { class: "lines-body" });
  const between = (sign) => {
    if (shape.signs.length === 1) return make("span", { "aria-hidden": "true" }, sign);
    const list = make("select", { "aria-label": `${field.label}: ${say(`line_sign_${field.kind}`)}` },
      shape.signs.map((one) => make("option", { value: one }, one)));
    list.value = sign;
    return list;
  };
  const add = (line = "") => {
    const [left, right, sign] = split(line, shape);
    const row = make("div", { class: "pair" }, side("left", left), between(sign), side("right", right),
      button(say("line_remove"), () => {
        const next = row.nextElementSibling || row.previousElementSibling;
        row.remove();
        (next?.querySelector("input") || plus).focus();
      }, "quiet", { "aria-label": `${say("line_remove")}: ${line || field.label}` }));
    body.append(row);
    return row;
  };
  const plus = button(say("line_add"), () => add().querySelector("input").focus(), "plain", { "aria-label": `${say("line_add")}: ${field.label}` });
  given.split(shape.apart || /[;\n]/).map((line) => line.trim()).filter(Boolean).forEach(add);
  fill(rows, known("left"), known("right"), body, plus);
  const text = () => [...body.children].map((row) => {
    const [left, right] = [...row.querySelectorAll("input")].map((input) => input.value.trim());
    return right ? `${left} ${row.querySelector("select")?.value || shape.signs[0]} ${right}` : left;
  }).filter(Boolean).join("\n");
  const before = text();
  return {
    drawn: rows, grouped: true, first: () => body.querySelector("input") || plus,
    // As it was written, where nobody has changed it.
    value: () => (text() === before ? given : text()),
  };
}
