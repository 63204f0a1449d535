// What an agent writes in a panel. A draft outlives what is drawn anew meanwhile.

import { button, fill, make } from "./dom.js";
import { say } from "./words.js";

/** A field with its label, whose value is kept under that name until it is sent. */
export function field(drawn, name, label, control) {
  const id = `panel-${name}`;
  control.id = id;
  control.dataset.keep = id;
  if (drawn.drafts.has(name)) control.value = drawn.drafts.get(name);
  control.addEventListener("input", () => drawn.drafts.set(name, control.value));
  return make("div", { class: "field" }, make("label", { for: id }, label), control);
}

function forget(drawn, names) {
  names.forEach((name) => drawn.drafts.delete(name));
}

/** A part that is shown when it is wanted, and asks for its choices then. */
export function folded(drawn, name, title, inside) {
  const place = make("div", { class: "fold" });
  const details = make("details", { open: drawn.open.has(name) }, make("summary", { "data-keep": `fold-${name}` }, title), place);
  const show = () => fill(place, inside());
  if (drawn.open.has(name)) show();
  details.addEventListener("toggle", () => {
    // One that was drawn anew meanwhile tells of itself late.
    if (!details.isConnected || details.open === drawn.open.has(name)) return;
    if (details.open) drawn.open.add(name);
    else drawn.open.delete(name);
    if (details.open) show();
  });
  return details;
}

/** A choice whose names are asked of Krayin once. */
export function chosen(drawn, of, chosen, none) {
  const select = make("select", {}, make("option", { value: "" }, none));
  const show = (choices) => {
    const kept = select.dataset.keep && drawn.drafts.get(select.dataset.keep.slice("panel-".length));
    select.append(...choices.map((one) => make("option", { value: one.id, selected: one.id === chosen }, one.name)));
    if (kept !== undefined && kept !== "") select.value = kept;
  };
  drawn.choices(of).then(show, () => {});
  return select;
}

function send(drawn, text, keep, act) {
  return make("div", { class: "actions" }, button(text, act, "main", { "data-keep": keep }));
}

export function noteForm(drawn) {
  const text = make("textarea", { rows: 3, maxlength: 20000 });
  return make("div", { class: "form" }, field(drawn, "note", say("note_text"), text), send(drawn, say("note_add"), "note-add", async () => {
    if (!text.value.trim()) return text.focus();
    if (await drawn.act("note", { text: text.value.trim(), lead: drawn.fresh.lead }, () => forget(drawn, ["note"]))) text.value = "";
    return null;
  }));
}

export function editForm(drawn, lead) {
  return folded(drawn, "edit", say("edit"), () => {
    const value = make("input", { type: "number", min: 0, step: "any", value: lead.value ?? "" });
    const owner = chosen(drawn, "users", lead.owner?.id, say("as_it_is"));
    const closing = make("input", { type: "date", value: lead.closing_date || "" });
    return make("div", { class: "form" }, make("div", { class: "filters" },
      field(drawn, "value", say("value"), value), field(drawn, "owner", say("owner"), owner),
      field(drawn, "closing", say("closing_date"), closing)),
    send(drawn, say("save"), "edit-save", async () => {
      const changes = [
        value.value !== "" && Number(value.value) !== Number(lead.value ?? NaN)
          && ["value", { value: Number(value.value), from: lead.value }],
        owner.value && Number(owner.value) !== lead.owner?.id && ["owner", { owner: Number(owner.value), from: lead.owner?.id }],
        closing.value !== (lead.closing_date || "") && ["closing_date", { closing_date: closing.value, from: lead.closing_date }],
      ].filter(Boolean);
      for (const [kind, asked] of changes) {
        if (!await drawn.act(kind, { lead: lead.id, ...asked }, () => forget(drawn, [kind === "closing_date" ? "closing" : kind]))) return;
      }
      drawn.close("edit");
    }));
  });
}

export function productForm(drawn, lead) {
  return folded(drawn, "product", say("product_add"), () => {
    const product = chosen(drawn, "products", null, say("choose"));
    const quantity = make("input", { type: "number", min: 1, step: 1, value: 1 });
    const price = make("input", { type: "number", min: 0, step: "any" });
    product.addEventListener("change", async () => {
      const known = (await drawn.choices("products")).find((one) => one.id === Number(product.value));
      if (known && price.value === "") price.value = Number(known.price) || 0;
    });
    return make("div", { class: "form" }, make("div", { class: "filters" },
      field(drawn, "product", say("product"), product), field(drawn, "quantity", say("quantity"), quantity),
      field(drawn, "price", say("price"), price)),
    send(drawn, say("save"), "product-save", async () => {
      if (!product.value) return product.focus();
      const asked = { lead: lead.id, product: Number(product.value), quantity: Number(quantity.value), price: Number(price.value),
        from: lead.products.find((one) => one.id === Number(product.value))?.quantity };
      if (await drawn.act("product", asked, () => forget(drawn, ["product", "quantity", "price"]))) drawn.close("product");
      return null;
    }));
  });
}

export function leadForm(drawn) {
  return folded(drawn, "new", say("lead_new"), () => {
    const title = make("input", { type: "text", maxlength: 200 });
    const source = chosen(drawn, "sources", null, say("as_usual"));
    const value = make("input", { type: "number", min: 0, step: "any" });
    return make("div", { class: "form" }, make("div", { class: "filters" },
      field(drawn, "new-title", say("lead_title"), title), field(drawn, "new-source", say("source"), source),
      field(drawn, "new-value", say("value"), value)),
    send(drawn, say("lead_make"), "lead-make", async () => {
      if (!title.value.trim()) return title.focus();
      const asked = { title: title.value.trim(), source: source.value, value: value.value };
      if (await drawn.act("lead", asked, () => forget(drawn, ["new-title", "new-source", "new-value"]))) drawn.close("new");
      return null;
    }));
  });
}

/** Why a lead is lost. @returns {Promise<string|null>} null where it is not to be */
export function whyLost() {
  return new Promise((answer) => {
    const text = make("textarea", { rows: 3, id: "why-lost", maxlength: 1000 });
    const close = (value) => make("button", {
      type: "button", class: value ? "button main" : "button plain", on: { click: () => dialog.close(value) },
    }, say(value ? "lose" : "cancel"));
    const dialog = make("dialog", { "aria-labelledby": "lost-label" },
      make("div", { class: "field" }, make("label", { for: "why-lost", id: "lost-label" }, say("lost_reason")), text),
      make("div", { class: "actions" }, close(""), close("yes")));
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes" ? text.value.trim() : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    text.focus();
  });
}
