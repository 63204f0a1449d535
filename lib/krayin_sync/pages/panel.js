// The agents' tab: what Krayin has of the contact of one conversation. Which conversation that is, Chatwoot's dashboard
// tells the frame that it is in; opened alone, the address does.

import { Panel, Refused, profile } from "./api.js";
import { button, fill, make, outside, tell } from "./dom.js";
import { say, speak } from "./words.js";
import { badge } from "./status.js";
import { leadCard } from "./panel_lead.js";
import { activities } from "./panel_activities.js";
import { Acts } from "./panel_acts.js";

const main = document.getElementById("main");
let shown = null;

function message(title, text, ...more) {
  fill(main, make("section", { class: "card message" }, make("h1", {}, title), text && make("p", {}, text), more));
}

function failed(error) {
  if (error instanceof Refused && error.status === 401 && !document.cookie.includes("cw_d_session_info")) {
    return message(say("log_in"), say("log_in_how"));
  }
  if (error instanceof Refused && [401, 403, 404].includes(error.status)) {
    return message(say("panel_not_yours"), say("panel_not_yours_why"));
  }
  return message(say("failed"), error instanceof Refused ? error.message : say("failed_why"));
}

// One card a part, each drawn anew by itself: who writes into one keeps the keyboard.
class Drawn {
  constructor(panel, connection) {
    this.panel = panel;
    this.connection = connection;
    this.parts = Object.fromEntries(["head", "lead", "more"].map((name) => [name, make("div", { class: "part" })]));
    this.fresh = {};
    this.drafts = new Map();
    this.open = new Set();
    this.acts = new Acts(panel);
    this.chosen = new Map();
  }

  async begin() {
    this.known = await this.panel.show(this.connection);
    if (this.gone()) return;
    if (!this.known.connection) {
      message(say("no_connection"), say("panel_no_connection"));
      return;
    }
    this.connection = this.known.connection.id;
    fill(main, Object.values(this.parts));
    this.draw();
    await this.read();
  }

  gone() { return shown !== this; }

  /** Asks Krayin for what is there now. */
  async read(lead = this.fresh.lead) {
    this.reading = true;
    this.drawHead();
    try {
      const fresh = await this.panel.fresh(this.connection, lead);
      if (this.gone()) return;
      // What was not read this time is still the best that is known.
      this.fresh = { ...this.fresh, error: null, wait: null, ...fresh };
    } catch (error) {
      if (this.gone()) return;
      this.fresh = { ...this.fresh, error: error.message || say("failed") };
    }
    this.reading = false;
    this.draw();
  }

  // Who works by keyboard stays where they are.
  draw() {
    const active = document.activeElement;
    const keep = main.contains(active) && active.dataset.keep;
    this.drawHead();
    fill(this.parts.lead, leadCard(this));
    fill(this.parts.more, activities(this));
    if (keep) main.querySelector(`[data-keep="${keep}"]`)?.focus();
  }

  /**
   * @param {Function} done called before what has become of it is drawn
   * @returns {Promise<boolean>} whether it is done
   */
  async act(kind, asked, done = () => {}) {
    const told = await this.acts.ask(this.connection, kind, asked);
    if (!told || this.gone()) return false;
    const taken = told.state === "done" || told.state === "waiting";
    if (taken) done();
    await this.read(told.lead || this.fresh.lead);
    return taken;
  }

  close(name) {
    this.open.delete(name);
    this.draw();
    main.querySelector(`[data-keep="fold-${name}"]`)?.focus();
  }

  /** @returns {Promise<object[]>} */
  choices(of) {
    if (!this.chosen.has(of)) {
      this.chosen.set(of, this.panel.choices(this.connection, of).then((told) => {
        if (told.error) {
          this.chosen.delete(of);
          tell(told.error, true);
        }
        return told.choices;
      }, (error) => {
        this.chosen.delete(of);
        throw error;
      }));
    }
    return this.chosen.get(of);
  }

  drawHead() {
    const { contact, connection, connections } = this.known;
    const person = this.fresh.person;
    const name = person?.name || contact.name || contact.email || contact.phone_number || say("kind_contact");
    const page = person?.page || contact.krayin.find((one) => one.type === "person")?.page;
    const keep = this.parts.head.contains(document.activeElement) && document.activeElement.dataset.keep;
    fill(this.parts.head, make("section", { class: "card", "aria-labelledby": "who" },
      make("div", { class: "row" },
        make("h1", { id: "who" }, page ? outside(page, name, `${name} (${say("in_krayin")})`) : name),
        badge(contact.state),
        connections.length > 1 && this.choice(connections, connection),
        button(say(this.reading ? "asking" : "refresh"), () => this.again(), "plain", { "data-keep": "refresh" })),
      person && this.facts(person),
      this.why(contact),
      this.notice()));
    if (keep) this.parts.head.querySelector(`[data-keep="${keep}"]`)?.focus();
  }

  facts(person) {
    const rows = [[say("organization"), person.organization?.name], [say("job_title"), person.job_title],
      [say("emails"), person.emails.join(", ")], [say("numbers"), person.numbers.join(", ")],
      [say("tags"), person.tags.join(", ")]];
    return make("dl", { class: "facts" }, rows.filter(([, value]) => value)
      .map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  }

  choice(connections, connection) {
    const select = make("select", { id: "connection", on: { change: () => open(this.panel, select.value) } },
      connections.map((one) => make("option", { value: one.id, selected: one.id === connection.id }, one.name)));
    return make("label", { class: "choice", for: "connection" }, make("span", {}, say("connection")), select);
  }

  why(contact) {
    if (contact.state === "synced") return null;
    // What kept its conversation out kept it out.
    const reason = contact.reason || this.known.conversation.reason;
    return make("div", { class: "row" }, make("p", {}, reason?.sentence || say("panel_not_yet")),
      this.known.retry && button(say("panel_do_it"), () => this.retry(), "main"));
  }

  notice() {
    const { state } = this.known.connection;
    if (this.fresh.error) {
      const wait = this.fresh.wait ? ` ${say("panel_wait", { count: this.fresh.wait })}` : "";
      return make("p", { class: "wrong" }, `${this.fresh.error}${wait}`);
    }
    return ["down", "refused", "unready"].includes(state) ? make("p", { class: "wrong" }, say(`panel_${state}`)) : null;
  }

  async again() {
    this.known = await this.panel.show(this.connection);
    if (!this.gone()) await this.read();
  }

  async retry() {
    try {
      await this.panel.retry(this.connection);
      tell(say("panel_asked"));
      await this.arrived();
    } catch (error) {
      tell(error.message || say("failed"), true);
    }
  }

  // Its job takes a moment, or longer where there is much to do.
  async arrived() {
    for (let turn = 0; turn < 50; turn += 1) {
      await new Promise((done) => { setTimeout(done, 1000); });
      if (this.gone()) return;
      this.known = await this.panel.show(this.connection);
      if (this.known.contact.state === "synced" || this.known.contact.state === "refused") break;
    }
    await this.read();
  }
}

async function open(panel, connection = null) {
  const drawn = new Drawn(panel, connection);
  shown = drawn;
  try {
    await drawn.begin();
  } catch (error) {
    if (!drawn.gone()) failed(error);
  }
}

let told = "";
async function begin(account, conversation) {
  const which = `${account}/${conversation}`;
  if (!Number(account) || !Number(conversation) || which === told) return;
  told = which;
  try {
    const user = await profile();
    const panel = new Panel(account, conversation);
    await speak(user.ui_settings?.locale || navigator.language);
    await open(panel);
  } catch (error) {
    failed(error);
  }
}

// The dashboard's own words alone, of this origin.
addEventListener("message", (event) => {
  if (event.source !== window.parent || event.origin !== location.origin || typeof event.data !== "string") return;
  let context = null;
  try {
    context = JSON.parse(event.data);
  } catch {
    return;
  }
  if (context?.event !== "appContext") return;
  const talk = context.data?.conversation;
  begin(talk?.account_id, talk?.id);
});

function fromAddress() {
  const asked = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  begin(asked.account, asked.conversation);
}

addEventListener("hashchange", fromAddress);
speak(navigator.language).then(() => {
  if (location.hash) return fromAddress();
  if (window.parent === window) return message(say("panel_title"), say("panel_alone"));
  return window.parent.postMessage("chatwoot-dashboard-app:fetch-info", location.origin);
}, failed);
