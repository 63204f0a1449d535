// A question before what is not taken back at once. The browser keeps the keyboard in it and closes it with Escape.

import { make } from "./dom.js";
import { say } from "./words.js";

/** @returns {Promise<boolean>} */
export function confirm(question, yes) {
  return new Promise((answer) => {
    const dialog = make("dialog", { "aria-labelledby": "question" },
      make("p", { id: "question" }, question),
      make("div", { class: "actions" },
        make("button", { type: "button", class: "button plain", on: { click: () => dialog.close("") } }, say("cancel")),
        make("button", { type: "button", class: "button main", on: { click: () => dialog.close("yes") } }, yes)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
