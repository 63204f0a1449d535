// The settings of a connection, changed while it works: names to choose from, and what is wrong beside its field.

import { button, fill, make, tell } from "./dom.js";
import { say } from "./words.js";
import { lines } from "./lines.js";

const GROUPS = {
  connection: ["api_url", "api_token", "name", "language"],
  route: ["route_inboxes", "route_labels", "route_countries"],
  brought: ["sync_conversations", "sync_messages", "sync_to_organization", "custom_attributes", "show_payment_numbers",
    "contacts_without_email_or_phone", "field_mapping", "on_yes_no", "time_zone"],
  leads: ["lead_policy", "lead_labels", "lead_inboxes", "lead_pipeline_id", "lead_pipeline_stage_id", "lead_type_id",
    "lead_source_id", "lead_sources", "make_sources", "owner_policy", "label_tags", "on_closed", "on_deleted_in_krayin"],
  stages: ["stage_progression_enabled", "stage_on_conversation_created", "stage_on_first_response",
    "stage_on_conversation_resolved", "stage_rules", "two_way", "two_way_attributes"],
};
// Which names of Chatwoot a list of texts may have.
const NAMES = { route_inboxes: "inboxes", lead_inboxes: "inboxes", route_labels: "labels", lead_labels: "labels",
  custom_attributes: "own", two_way_attributes: "shown" };

const named = (rows) => rows?.map((row) => [String(row.id), row.name || String(row.id)]);

function stagesOf(told, pipeline) {
  const found = told.lists.pipelines.find((one) => String(one.id) === String(pipeline)) || told.lists.pipelines[0];
  return found?.stages || [];
}

/** [value, text] of what a field may be; nothing where it is free text. */
function choices(field, told, value) {
  if (field.options) return field.options.map((one) => [one.value, one.label]);
  const none = ["", say("settings_usual")];
  const of = {
    lead_pipeline_id: () => named(told.lists.pipelines),
    lead_source_id: () => named(told.lists.sources),
    lead_type_id: () => named(told.lists.types),
    lead_pipeline_stage_id: () => named(stagesOf(told, value("lead_pipeline_id"))),
  }[field.key];
  if (of) return of()?.length ? [none, ...of()] : null;
  if (field.kind !== "stage") return null;
  const stages = stagesOf(told, value("lead_pipeline_id"));
  return stages.length ? [none, ...stages.map((one) => [one.name || one.code, one.name || one.code])] : null;
}

function chosen(field, told, options) {
  const text = String(field.value ?? "");
  const low = text.toLowerCase();
  const stage = told.lists.pipelines.flatMap((one) => one.stages || [])
    .find((one) => [String(one.id), one.code, one.name].some((known) => known?.toLowerCase() === low));
  const alike = [text, stage?.name, stage && String(stage.id)].filter((one) => one !== undefined);
  return options.find(([value, name]) => alike.includes(value) || name?.toLowerCase() === low)?.[0] ?? text;
}

// What was chosen before the list was another stays one of it. Where nothing was chosen, the first holds.
function select(field, told, options, id) {
  const now = chosen(field, told, options);
  const all = now === "" || options.some(([value]) => value === now) ? options : [...options, [now, now]];
  return make("select", { id }, all.map(([value, text]) => make("option", { value, selected: value === now }, text)));
}

function adder(field, names, input) {
  if (!names?.length) return null;
  const list = make("select", {
    "aria-label": `${say("settings_add")}: ${field.label}`,
    on: {
      change: () => {
        if (list.value) input.value = [input.value.trim().replace(/,$/, ""), list.value].filter(Boolean).join(", ");
        list.value = "";
      },
    },
  }, make("option", { value: "" }, say("settings_add")), names.map((name) => make("option", { value: name }, name)));
  return list;
}

function control(field, told, id, value) {
  if (field.kind === "toggle") {
    const box = make("input", { id, type: "checkbox", checked: field.value === true });
    return { drawn: box, value: () => box.checked };
  }
  if (field.kind === "secret") {
    const input = make("input", { id, type: "password", autocomplete: "new-password", placeholder: field.set ? say("settings_unchanged") : "" });
    return { drawn: input, value: () => input.value.trim() };
  }
  if (["mapping", "stage_rules", "lead_sources"].includes(field.kind)) return lines(field, told, id);
  const options = choices(field, told, value);
  if (options) {
    const list = select(field, told, options, id);
    return { drawn: list, value: () => list.value };
  }
  const input = make("input", { id, type: "text", value: field.value ?? "", autocomplete: "off" });
  return { drawn: input, more: adder(field, told.lists[NAMES[field.key]], input), value: () => input.value.trim() };
}

export async function settings({ main, connection, again }) {
  const told = await connection.settings();
  const fields = Object.fromEntries(told.fields.map((field) => [field.key, field]));
  const drawn = {};
  const valueOf = (key) => (drawn[key] ? drawn[key].value() : fields[key]?.value);
  const whole = make("p", { class: "wrong", role: "alert" });

  const row = (field) => {
    const id = `set-${field.key}`;
    const made = control(field, told, id, valueOf);
    const wrong = make("p", { class: "wrong", id: `${id}-wrong` });
    const help = make("p", { class: "quiet", id: `${id}-help` }, field.help);
    drawn[field.key] = { ...made, wrong, before: made.value() };
    const label = made.grouped ? make("span", { id: `${id}-label` }, field.label) : make("label", { for: id }, field.label);
    made.drawn.setAttribute("aria-describedby", `${id}-wrong ${id}-help`);
    if (field.required && field.kind !== "secret") made.drawn.setAttribute("aria-required", "true");
    const inside = field.kind === "toggle" ? [make("div", { class: "check" }, made.drawn, label)] : [label, made.drawn, made.more];
    return make("div", { class: "set" }, inside, wrong, help);
  };
  const known = Object.values(GROUPS).flat();
  const groups = Object.entries(GROUPS).map(([name, keys]) => [name, keys.filter((key) => fields[key])]);
  groups[groups.length - 1][1].push(...told.fields.map((field) => field.key).filter((key) => !known.includes(key)));

  const changes = () => Object.fromEntries(Object.entries(drawn).filter(([, one]) => one.value() !== one.before)
    .map(([key, one]) => [key, one.value()]));
  const show = (errors) => {
    for (const field of Object.values(drawn)) {
      field.wrong.textContent = "";
      field.drawn.removeAttribute("aria-invalid");
    }
    const beside = errors.filter((error) => drawn[error.key]);
    whole.textContent = errors.filter((error) => !drawn[error.key]).map((error) => error.message).join(" ");
    for (const { key, message } of beside) {
      drawn[key].wrong.textContent = message;
      if (!drawn[key].grouped) drawn[key].drawn.setAttribute("aria-invalid", "true");
    }
    const first = beside.length ? drawn[beside[0].key] : null;
    (first?.first?.() || first?.drawn)?.focus();
  };
  const save = async () => {
    show([]);
    const changed = changes();
    if (!Object.keys(changed).length) return tell(say("settings_same"));
    try {
      await connection.save(changed);
      tell(say("settings_saved"));
      return await again();
    } catch (error) {
      show(error.answer?.errors || [{ key: null, message: error.message || say("failed") }]);
      return tell(say("settings_wrong"), true);
    }
  };
  const draw = () => groups.map(([name, keys]) => make("section", { class: "card", "aria-labelledby": `group-${name}` },
    make("h2", { id: `group-${name}` }, say(`settings_of_${name}`)), keys.map((key) => row(fields[key]))));
  const cards = draw();
  // Another pipeline has other stages.
  drawn.lead_pipeline_id?.drawn.addEventListener("change", () => {
    for (const key of Object.keys(drawn)) {
      const options = key !== "lead_pipeline_id" && ["id", "stage"].includes(fields[key].kind) && key.includes("stage")
        && choices(fields[key], told, valueOf);
      if (!options) continue;
      const list = drawn[key].drawn;
      fill(list, options.map(([value, text]) => make("option", { value }, text)));
      list.value = "";
    }
  });
  fill(main, make("p", { class: "quiet" }, say("settings_about")), cards,
    make("div", { class: "card save" }, whole, button(say("settings_save"), save, "main")));
}
