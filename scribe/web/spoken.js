/* The transcript while people speak: final lines stay, the words of whoever speaks now are grey until they are. */

import { el } from "./dom.js";
import { position } from "./format.js";
import { S } from "./strings.js";

/** Below this a word is marked as one to check. */
const UNSURE = 0.5;
/** Nearer to the end than this, the view follows what is said. */
const NEAR_PX = 80;

export class Spoken {
  #rows = new Map();
  #lines = new Map();

  /** `names` gives the name of whoever speaks a line. */
  constructor(names) {
    this.names = names;
    this.list = el("ol", { class: "lines live", tabindex: "0", "aria-label": S.review.transcript });
    this.none = el("p", { class: "hint none" }, S.record.nothingYet);
    this.node = el("div", { class: "spoken" }, this.none, this.list);
  }

  /** A line of before this page was loaded, or one that was just said; the same id replaces. */
  put(line) {
    const final = line.is_final ?? true;
    this.#lines.set(line.id, line);
    const row = el(
      "li",
      { class: `line ${line.role}${final ? "" : " partial"}`, "data-line": line.id },
      el("span", { class: "speaker" }, this.names(line)),
      el("span", { class: "at" }, position(line.start)),
      el("p", {}, line.words?.length ? words(line, final) : line.text),
    );
    this.#place(line, row);
  }

  /** When a line was said, in seconds; undefined where it is not here. */
  timeOf(id) {
    return this.#lines.get(id)?.start;
  }

  /** Speakers of lines that are known better now. */
  revise(revised) {
    for (const { id, speaker, role } of revised) {
      const line = this.#lines.get(id);
      if (line) this.put({ ...line, speaker, role });
    }
  }

  /** A pause, a mark or a gap at a place, in seconds. */
  moment(kind, at, label = "") {
    const text = `${position(at)}  ${S.transcript[kind]}${label ? `: ${label}` : ""}`;
    this.#place({ id: `${kind}:${at}:${label}`, start: at }, el("li", { class: `moment ${kind}` }, text));
  }

  /** Partials that will never become final, as after a cut: the server tells them anew. */
  dropPartials() {
    for (const [id, line] of this.#lines) {
      if (line.is_final !== false) continue;
      this.#rows.get(id)?.remove();
      this.#rows.delete(id);
      this.#lines.delete(id);
    }
  }

  #place(line, row) {
    const follow = this.#atEnd();
    row.dataset.start = line.start;
    const before = this.#rows.get(line.id);
    if (before) before.replaceWith(row);
    else {
      // Lines come nearly in order: the place is looked for from the end.
      let next = null;
      let last = this.list.lastElementChild;
      while (last && Number(last.dataset.start) > line.start) {
        next = last;
        last = last.previousElementSibling;
      }
      this.list.insertBefore(row, next);
    }
    this.#rows.set(line.id, row);
    this.none.hidden = true;
    if (follow) this.list.scrollTop = this.list.scrollHeight;
  }

  #atEnd() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_PX;
  }
}

function words(line, final) {
  const pieces = [];
  for (const { text, probability } of line.words) {
    if (pieces.length) pieces.push(" ");
    const unsure = final && probability < UNSURE;
    pieces.push(unsure ? el("span", { class: "unsure", title: S.record.unsure }, text) : text);
  }
  return pieces;
}
