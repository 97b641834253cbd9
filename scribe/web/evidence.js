/* The thread between a sentence of the note and the words it rests on: which words, and lighting both ends.

   Offsets of evidence count code points, as the server's do; a JavaScript string counts UTF-16 units, so every
   cut goes through an array of code points. */

import { motion } from "./dom.js";

/** All that can be lit, as {id, evidence}: risk statements as `risk:0`…, then the statements of every section. */
export function sources(note) {
  const risks = note.risk.map((risk, number) => ({
    id: `risk:${number}`,
    evidence: [...(risk.question ? [risk.question] : []), ...risk.evidence],
  }));
  return [...risks, ...note.sections.flatMap((section) => section.statements)];
}

/** Whether the evidence still quotes the line; it does not once the line was corrected. */
export function holds(line, evidence) {
  return Boolean(line) && [...line.text].slice(evidence.start, evidence.end).join("") === evidence.quote;
}

/** A line cut wherever evidence begins or ends: [{text, ids}], `ids` naming what rests on that piece. */
export function stretches(line, resting) {
  const letters = [...line.text];
  const spans = resting.flatMap(({ id, evidence }) =>
    evidence
      .filter((e) => e.utterance === line.id && holds(line, e))
      .map((e) => ({ id, start: e.start, end: e.end })),
  );
  const cuts = new Set([0, letters.length]);
  for (const span of spans) cuts.add(span.start).add(span.end);
  const places = [...cuts].sort((a, b) => a - b);
  return places.slice(0, -1).map((start, index) => ({
    text: letters.slice(start, places[index + 1]).join(""),
    ids: [...new Set(spans.filter((s) => s.start <= start && start < s.end).map((s) => s.id))],
  }));
}

/** What is lit now. Pinned by a click until the next; hover and focus light for as long as they last. */
export class Highlight {
  #ends = new Map();
  #words = new Map();
  #pinned = [];
  #lit = [];

  /** Forget the nodes of the last rendering; what is pinned stays pinned. */
  reset() {
    this.#ends.clear();
    this.#words.clear();
    this.#lit = [];
  }

  /** This node is the note's end of the thread. */
  statement(id, node) {
    this.#ends.set(id, node);
  }

  /** This node is a piece of the transcript that `id` rests on. */
  word(id, node) {
    this.#words.set(id, [...(this.#words.get(id) ?? []), node]);
  }

  /** The note's end of a thread. */
  end(id) {
    return this.#ends.get(id);
  }

  get pinned() {
    return this.#pinned;
  }

  pin(ids) {
    this.#pinned = ids;
    this.#show(ids);
  }

  light(ids) {
    this.#show(ids);
    this.#scroll(ids);
  }

  /** Back to what is pinned. */
  rest() {
    this.#show(this.#pinned);
  }

  #show(ids) {
    for (const node of this.#lit) node.classList.remove("lit");
    this.#lit = ids.flatMap((id) => [this.#ends.get(id), ...(this.#words.get(id) ?? [])]).filter(Boolean);
    for (const node of this.#lit) node.classList.add("lit");
  }

  /** Bring the first lit words into view, where the transcript scrolls by itself beside the note. */
  #scroll(ids) {
    const first = ids.flatMap((id) => this.#words.get(id) ?? [])[0];
    const pane = first?.closest(".lines");
    if (!pane || getComputedStyle(pane).overflowY !== "auto") return;
    const lit = first.getBoundingClientRect();
    const seen = pane.getBoundingClientRect();
    if (lit.top >= seen.top + 24 && lit.bottom <= seen.bottom - 48) return;
    pane.scrollTo({ top: pane.scrollTop + lit.top - seen.top - seen.height / 3, behavior: motion() });
  }
}
