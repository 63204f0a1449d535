// A lead of the contact's person: where it stands, and what it is worth.

import { button, fill, make, outside } from "./dom.js";
import { day, money, say } from "./words.js";
import { editForm, leadForm, productForm, whyLost } from "./panel_forms.js";

// A move from the stage that is shown: to it there is none.
function stage(drawn, lead, one, now) {
  const current = { "aria-current": now ? "step" : null, "data-keep": `stage-${one.id}` };
  if (now || !drawn.known.acts || !drawn.fresh.leads) return make("span", { class: "button", ...current, tabindex: now ? -1 : null }, one.name);
  return button(one.name, async () => {
    const reason = one.code === "lost" ? await whyLost() : undefined;
    if (reason !== null) await drawn.act("stage", { lead: lead.id, stage: one.id, from: lead.stage_id, reason });
  }, "plain", { ...current, "aria-label": say("stage_move", { stage: one.name }) });
}

function stageBar(drawn, lead, pipeline) {
  const at = pipeline.stages.findIndex((one) => one.id === lead.stage_id);
  return make("ol", { class: "stages", "aria-label": say("stage") }, pipeline.stages.map((one, index) => make("li", {
    class: index === at ? "now" : at >= 0 && index < at ? "past" : null,
  }, stage(drawn, lead, one, index === at))));
}

// Until Krayin has answered: what was seen of it last.
function lastSeen(known) {
  const { lead, pipelines } = known;
  if (!lead) return null;
  const pipeline = pipelines.find((one) => one.name === lead.pipeline) || pipelines[0];
  const stage = pipeline?.stages.find((one) => one.name === lead.stage);
  return { id: lead.id, title: null, page: lead.page, value: lead.value, owner: lead.owner ? { name: lead.owner } : null,
    closing_date: lead.closing_date, lost_reason: lead.lost_reason, pipeline_id: pipeline?.id, stage_id: stage?.id, tags: [],
    products: [] };
}

function products(lead) {
  if (!lead.products.length) return null;
  return make("table", { class: "counts" },
    make("caption", { class: "hidden" }, say("products")),
    make("thead", {}, make("tr", {}, ["product", "quantity", "price", "amount"].map((name, index) => make("th", {
      scope: "col", class: index ? null : "first",
    }, say(name))))),
    make("tbody", {}, lead.products.map((one) => make("tr", {}, make("th", { scope: "row" }, one.name || `#${one.id}`),
      make("td", {}, one.quantity), make("td", {}, money(one.price)), make("td", {}, money(one.amount))))));
}

function title(lead) {
  return lead.title || `${say("krayin_lead")} ${lead.id}`;
}

function choice(drawn, leads, lead) {
  const select = make("select", { id: "lead", on: { change: () => drawn.read(Number(select.value)) } },
    leads.map((one) => make("option", { value: one.id, selected: one.id === lead.id },
      `${title(one)}${one.closed ? ` (${say("closed")})` : ""}`)));
  return make("label", { class: "choice", for: "lead" }, make("span", {}, say("krayin_lead")), select);
}

function attach(drawn, lead) {
  return make("div", { class: "actions" },
    button(say("attach"), () => drawn.act("attach", { lead: lead.id }), "plain", { "data-keep": "attach" }));
}

export function leadCard(drawn) {
  const { known, fresh } = drawn;
  const leads = fresh.leads || [];
  const lead = fresh.leads ? leads.find((one) => one.id === fresh.lead) : lastSeen(known);
  const card = make("section", { class: "card", "aria-labelledby": "lead-title" });
  if (!lead) {
    if (!fresh.leads) return null;
    return fill(card, make("h2", { id: "lead-title" }, say("krayin_lead")), make("p", { class: "quiet" }, say("panel_no_lead")),
      known.acts && leadForm(drawn));
  }
  const pipeline = known.pipelines.find((one) => one.id === lead.pipeline_id);
  const rows = [[say("value"), money(lead.value)], [say("owner"), lead.owner?.name], [say("closing_date"), day(lead.closing_date)],
    [say("pipeline"), known.pipelines.length > 1 && pipeline?.name], [say("lost_reason"), lead.lost_reason]];
  return fill(card,
    make("div", { class: "row" },
      make("h2", { id: "lead-title" }, lead.page ? outside(lead.page, title(lead), `${title(lead)} (${say("in_krayin")})`) : title(lead)),
      leads.length > 1 && choice(drawn, leads, lead)),
    pipeline && stageBar(drawn, lead, pipeline),
    make("dl", { class: "facts" }, rows.filter(([, value]) => value)
      .map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)))),
    lead.tags.length > 0 && make("ul", { class: "tags", "aria-label": say("tags") }, lead.tags.map((one) => make("li", {}, one))),
    products(lead),
    known.acts && fresh.leads && [editForm(drawn, lead), productForm(drawn, lead), leadForm(drawn),
      leads.length > 1 && attach(drawn, lead)]);
}
