/* Facts as they are heard, beside the transcript: each can be pinned, so that the note must hold it, or discarded. */

import { button, el, focusKey } from "./dom.js";
import { position } from "./format.js";
import { S } from "./strings.js";

export class LiveFacts {
  #facts = new Map();

  /** `choose(id, status)` tells the server; `timeOf(utterance)` is when it was said, in seconds. */
  constructor(choose, timeOf) {
    this.choose = choose;
    this.timeOf = timeOf;
    this.list = el("ol", { class: "facts-list" });
    this.none = el("p", { class: "hint none" }, S.facts.none);
    this.node = el(
      "section",
      { class: "sheet facts-side", "aria-labelledby": "facts-title" },
      el("h2", { id: "facts-title" }, S.facts.title),
      el("p", { class: "hint" }, S.facts.lead),
      this.none,
      this.list,
    );
  }

  /** A `facts` message of the stream. */
  hear({ facts, withdrawn, anew }) {
    if (anew) this.#facts.clear();
    for (const id of withdrawn) this.#facts.delete(id);
    for (const fact of facts) this.#facts.set(fact.id, fact);
    this.#draw();
  }

  #draw() {
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    // The newest first: it is what was just said.
    const facts = [...this.#facts.values()].sort((a, b) => this.#at(b) - this.#at(a));
    this.none.hidden = facts.length > 0;
    this.list.replaceChildren(...facts.map((fact) => this.#row(fact)));
    if (focused) focusKey(this.list, focused);
  }

  #row(fact) {
    const risk = fact.kind === "risk";
    const set = (status) => () => {
      this.#facts.set(fact.id, { ...fact, status });
      this.choose(fact.id, status);
      this.#draw();
    };
    const toggle = (status, name) =>
      button(S.facts[name], set(fact.status === status ? "found" : status), {
        class: "quiet",
        key: `${name}:${fact.id}`,
        "aria-pressed": String(fact.status === status),
        "aria-label": S.facts[`${name}Of`](fact.text),
      });
    return el(
      "li",
      { class: `fact ${fact.status}${risk ? " risk" : ""}` },
      el(
        "p",
        { class: "kind" },
        S.facts.kinds[fact.kind],
        fact.polarity === "uncertain" ? ` · ${S.facts.uncertain}` : "",
        el("span", { class: "at" }, position(this.#at(fact))),
      ),
      el("p", {}, fact.text),
      el("div", { class: "tools" }, toggle("pinned", "pin"), risk ? null : toggle("discarded", "discard")),
    );
  }

  #at(fact) {
    return this.timeOf(fact.evidence[0]?.utterance) ?? 0;
  }
}
