// What was in Chatwoot before: how much it is, a run, and how far that is.

import { button, fill, make, tell } from "./dom.js";
import { moment, number, say, span } from "./words.js";
import { badge } from "./status.js";
import { confirm } from "./confirm.js";

const OUTCOMES = ["created", "linked", "updated", "unchanged", "skipped", "doubtful", "refused", "later"];
const EVERY = 3000;

function field(label, id, control) {
  return make("div", { class: "field" }, make("label", { for: id }, label), control);
}

function form(inboxes, labels) {
  const option = ([value, text]) => make("option", { value }, text);
  const since = make("input", { id: "since", type: "date" });
  const inbox = make("select", { id: "inbox" }, [["", say("any")], ...inboxes.map((one) => [one.id, one.name])].map(option));
  const label = make("select", { id: "label" }, [["", say("any")], ...labels.map((one) => [one.title, one.title])].map(option));
  return {
    drawn: make("div", { class: "filters" }, field(say("since_day"), "since", since), field(say("inbox"), "inbox", inbox),
      field(say("label"), "label", label)),
    chosen: () => ({ since: since.value, inbox: inbox.value, label: label.value }),
  };
}

function table(rows) {
  return make("dl", { class: "facts" }, rows.filter(([, value]) => value !== "" && value !== null)
    .map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

function estimated(told) {
  return table([[say("contacts"), number(told.contacts)], [say("new"), number(told.new)], [say("known"), number(told.known)],
    [say("kinds_conversation"), number(told.conversations)], [say("kinds_message"), number(told.messages)],
    [say("left_out"), number(told.left_out)], [say("requests"), number(told.requests)], [say("takes"), span(told.seconds)]]);
}

function report(run) {
  const counts = OUTCOMES.filter((name) => run[name]).map((name) => [say(`outcome_${name}`), number(run[name])]);
  return make("div", { class: "report" },
    make("div", { class: "row" }, badge(run.state === "done" ? "synced" : "waiting", say(`run_${run.state}`)),
      run.dry_run && make("span", { class: "quiet" }, say("dry_run")),
      make("span", { class: "quiet" }, moment(run.started_at))),
    run.reason && make("p", {}, run.reason),
    make("progress", { max: Math.max(run.total, 1), value: run.done, "aria-label": say("progress") }),
    make("p", {}, say("done_of", { done: run.done, total: run.total }),
      run.seconds_left && run.state === "running" ? ` · ${say("left", { span: span(run.seconds_left) })}` : ""),
    table([...counts, [say("kinds_conversation"), run.conversations ? number(run.conversations) : ""],
      [say("kinds_message"), run.messages ? number(run.messages) : ""], [say("requests"), number(run.requests)]]));
}

export async function backfill({ main, account, connection, address }) {
  const [run, inboxes, labels] = await Promise.all([connection.backfill(), account.inboxes(), account.labels()]);
  const place = make("section", { class: "card", "aria-labelledby": "run" });
  const result = make("div", { class: "estimate" });
  const choice = form(inboxes, labels);
  let shown = run;
  let timer = null;

  const attempt = async (call) => {
    try {
      return await call();
    } catch (error) {
      tell(error.message || say("failed"), true);
      return null;
    }
  };
  const step = (name, kind) => button(say(`step_${name}`), async () => {
    if (name === "cancel" && !await confirm(say("cancel_sure"), say("step_cancel"))) return;
    await attempt(() => connection.step(name));
    await look();
  }, kind);
  const draw = () => {
    if (!shown) return place.replaceChildren();
    const steps = { running: ["pause", "cancel"], paused: ["resume", "cancel"], stopped: ["resume", "cancel"] }[shown.state] || [];
    return fill(place, make("h2", { id: "run" }, say("last_run")), report(shown),
      make("div", { class: "actions" }, steps.map((name) => step(name, name === "cancel" ? "quiet" : "main")),
        shown.refused > 0 && make("a", { href: address({ part: "records", state: "refused" }) }, say("see_refused"))));
  };
  const look = async () => {
    shown = await connection.backfill();
    if (!place.contains(document.activeElement) || document.activeElement === document.body) draw();
    else place.querySelector("progress").value = shown.done;
    if (shown?.state !== "running") draw();
  };
  const begin = (told, dryRun) => button(say(dryRun ? "begin_dry" : "begin"), async () => {
    const question = say(dryRun ? "begin_dry_sure" : "begin_sure", { count: told.contacts, span: span(told.seconds) });
    if (!await confirm(question, say(dryRun ? "begin_dry" : "begin"))) return;
    const started = await attempt(() => connection.start({ ...choice.chosen(), contacts: told.contacts, dry_run: dryRun }));
    if (!started) return;
    tell(say("begun"));
    result.replaceChildren();
    await look();
    draw();
  }, dryRun ? "plain" : "main");
  const estimate = async () => {
    const told = await attempt(() => connection.estimate(choice.chosen()));
    if (!told) return;
    fill(result, estimated(told), told.contacts > 0
      && make("div", { class: "actions" }, begin(told, true), begin(told, false)));
  };

  draw();
  fill(main, make("section", { class: "card", "aria-labelledby": "before" },
    make("h2", { id: "before" }, say("part_backfill")), make("p", { class: "quiet" }, say("backfill_about")),
    choice.drawn, button(say("estimate"), estimate, "main"), result),
  place);
  timer = setInterval(() => {
    if (shown?.state === "running" && !document.hidden) look().catch(() => {});
  }, EVERY);
  return () => clearInterval(timer);
}
