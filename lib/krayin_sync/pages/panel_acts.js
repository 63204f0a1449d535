// What an agent asks for: each is sent by a key of its own, so that what is sent twice is done once, and followed until
// it is done.

import { Refused } from "./api.js";
import { tell } from "./dom.js";
import { say } from "./words.js";

const EVERY = 700;
const TURNS = 70;

// The page may be one without a secure context, which has no ids of its own.
function fresh() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function outcome({ kind, state, word, now, sentence }) {
  if (state === "done") return say(`done_${kind}`);
  if (state === "waiting") return say("act_waits");
  return sentence || say(`act_${word}`, { now: now ?? "–" });
}

export class Acts {
  constructor(panel) {
    this.panel = panel;
    this.keys = new Map();
  }

  /** @returns {Promise<object|null>} what has become of it; null where it could not be asked for */
  async ask(connection, kind, asked) {
    const what = JSON.stringify([connection, kind, asked]);
    if (!this.keys.has(what)) this.keys.set(what, fresh());
    try {
      const told = await this.ended(connection, await this.panel.act({ ...asked, connection, kind, key: this.keys.get(what) }));
      if (told.state !== "waiting") this.keys.delete(what);
      tell(outcome(told), ["conflict", "refused"].includes(told.state));
      return told;
    } catch (error) {
      // Where no answer came it may have been taken: the same key is sent again.
      if (error instanceof Refused) this.keys.delete(what);
      tell(error.message || say("failed"), true);
      return null;
    }
  }

  async ended(connection, told) {
    let now = told;
    for (let turn = 0; now.state === "waiting" && turn < TURNS; turn += 1) {
      await new Promise((done) => { setTimeout(done, EVERY); });
      now = await this.panel.acted(connection, told.key);
    }
    return now;
  }
}
