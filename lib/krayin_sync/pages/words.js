// What the pages say: a file a language. Numbers and times are written as the reader's language writes them.

const LANGUAGES = ["en", "pt", "es"];
const TAGS = { en: "en", pt: "pt-BR", es: "es" };
let words = {};
let tag = "en";

/** @param {string} wanted pt_BR and the like */
export async function speak(wanted) {
  const asked = String(wanted || "").slice(0, 2).toLowerCase();
  const language = LANGUAGES.includes(asked) ? asked : "en";
  words = await (await fetch(`/krayin_sync/pages/words/${language}.json`)).json();
  tag = TAGS[language];
  document.documentElement.lang = tag;
  document.title = say("title");
}

/** The text of that name, with `{name}` filled in; one with `_one` is taken for a count of one. */
export function say(name, values = {}) {
  const one = values.count === 1 ? words[`${name}_one`] : undefined;
  const text = one ?? words[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (all, key) => {
    const value = values[key];
    if (value === undefined || value === null) return "";
    return typeof value === "number" ? number(value) : value;
  });
}

export const number = (value) => new Intl.NumberFormat(tag).format(value);

/** An amount in whichever currency Krayin has. */
export function money(value) {
  const amount = Number(value);
  if (value === null || value === undefined || value === "" || !Number.isFinite(amount)) return "";
  return new Intl.NumberFormat(tag, { minimumFractionDigits: 2, maximumFractionDigits: 4 }).format(amount);
}

/** A day of the calendar, whatever the reader's zone. */
export function day(value) {
  const at = new Date(`${value}T12:00:00Z`);
  return Number.isNaN(at.getTime()) ? "" : new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeZone: "UTC" }).format(at);
}

export function moment(value) {
  if (!value) return "";
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? "" : new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "short" }).format(at);
}

/** The time of a column, as short as it can be told. */
export function brief(value, step) {
  const style = step === "hour" ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(tag, style).format(new Date(value));
}

export function span(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const units = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  const [size, unit] = units.find(([least]) => seconds >= least) || units[3];
  const count = Math.max(Math.round(seconds / size), 0);
  return new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: "long" }).format(count);
}
