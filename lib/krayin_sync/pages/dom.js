// Elements from plain values. Whatever was written in Chatwoot or Krayin becomes text, never markup, and an address is
// followed only where it is one of the web's.

const SAFE = /^(https?:\/\/|\/(?!\/)|#)/i;

/**
 * @param {string} name of the element
 * @param {object} attributes `on` for listeners, `class`, and others as they are called; null and false leave one out
 * @param {...(Node|string|number|null|Array)} inside
 */
export function make(name, attributes = {}, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (key === "href") {
      if (SAFE.test(value)) element.setAttribute("href", value);
    } else if (key === "value" || key === "checked" || key === "disabled" || key === "selected") {
      element[key] = value;
    } else {
      element.setAttribute(key, value === true ? "" : String(value));
    }
  }
  add(element, inside);
  return element;
}

function add(element, inside) {
  for (const one of inside.flat(Infinity)) {
    if (one === null || one === undefined || one === false) continue;
    element.append(one instanceof Node ? one : document.createTextNode(String(one)));
  }
}

export function fill(element, ...inside) {
  element.replaceChildren();
  add(element, inside);
  return element;
}

/** A link that opens beside this page. */
export function outside(href, text, label) {
  return make("a", { href, target: "_blank", rel: "noopener noreferrer", "aria-label": label }, text);
}

/** A button that cannot be pressed twice while it works, and keeps the keyboard meanwhile. */
export function button(text, act, kind = "plain", attributes = {}) {
  const made = make("button", {
    type: "button", class: `button ${kind}`, ...attributes,
    on: {
      click: async () => {
        if (made.hasAttribute("aria-disabled")) return;
        made.setAttribute("aria-disabled", "true");
        try {
          await act();
        } finally {
          made.removeAttribute("aria-disabled");
        }
      },
    },
  }, text);
  return made;
}

let told;
/** Says what came of something, to screen readers too. */
export function tell(text, wrong = false) {
  const place = document.getElementById("told");
  clearTimeout(told);
  place.className = wrong ? "wrong" : "right";
  place.textContent = text;
  told = setTimeout(() => { place.textContent = ""; }, 8000);
}
