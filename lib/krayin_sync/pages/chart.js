// Columns over time, drawn from plain numbers, and the same numbers as a table for those who do not look.

import { make } from "./dom.js";
import { number, say } from "./words.js";

const SPACE = document.getElementById("drawn").namespaceURI;
const WIDTH = 640;
const HEIGHT = 160;
const LEFT = 44;
const BOTTOM = 20;

function draw(name, attributes, ...inside) {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...inside);
  return element;
}

// The next of 2, 4, 10, 20, 40, … above it: half of it is a whole number too.
function ceiling(most) {
  if (most <= 2) return 2;
  const size = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 10].map((one) => one * size).find((one) => one >= most);
}

/**
 * @param {string} title
 * @param {string[]} times what each column is called
 * @param {{key: string, name: string, values: number[]}[]} series stacked upon each other
 */
export function columns(title, times, series) {
  const sums = times.map((_, at) => series.reduce((sum, one) => sum + (one.values[at] || 0), 0));
  const top = ceiling(Math.max(0, ...sums));
  const wide = (WIDTH - LEFT) / Math.max(times.length, 1);
  const high = HEIGHT - BOTTOM - 8;
  const picture = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", "aria-hidden": "true", focusable: "false" });
  for (const part of [0, 0.5, 1]) {
    const y = 8 + high * (1 - part);
    picture.append(draw("line", { x1: LEFT, x2: WIDTH, y1: y, y2: y, class: "grid" }),
      draw("text", { x: LEFT - 6, y: y + 4, class: "tick", "text-anchor": "end" }, number(top * part)));
  }
  times.forEach((time, at) => {
    let y = 8 + high;
    for (const one of series) {
      const tall = high * ((one.values[at] || 0) / top);
      if (!tall) continue;
      y -= tall;
      picture.append(draw("rect", {
        x: LEFT + wide * at + wide * 0.1, y, width: wide * 0.8, height: tall, class: `of ${one.key}`,
      }, draw("title", {}, `${time} · ${one.name}: ${number(one.values[at])}`)));
    }
  });
  const every = Math.ceil(times.length / 6);
  times.forEach((time, at) => {
    if (at % every) return;
    picture.append(draw("text", { x: LEFT + wide * (at + 0.5), y: HEIGHT - 4, class: "tick", "text-anchor": at ? "middle" : "start" }, time));
  });
  const legend = series.length > 1 && make("ul", { class: "legend" }, series.map((one) => make("li", {},
    make("span", { class: `of ${one.key}`, "aria-hidden": "true" }), `${one.name}: ${number(one.values.reduce((sum, value) => sum + value, 0))}`)));
  return make("div", { class: "figure" }, make("h3", {}, title), picture, legend,
    make("details", {}, make("summary", {}, say("as_table")),
      make("div", { class: "wide", tabindex: 0, role: "group", "aria-label": title }, numbers(title, say("time"), times, series))));
}

/** A table with a line a name. */
export function numbers(title, first, names, series) {
  return make("table", { class: "counts" },
    make("caption", { class: "hidden" }, title),
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, first), series.map((one) => make("th", { scope: "col" }, one.name)))),
    make("tbody", {}, names.map((name, at) => make("tr", {}, make("th", { scope: "row" }, name),
      series.map((one) => make("td", {}, number(one.values[at] || 0)))))));
}
