/* One session under review: its note on one side, its transcript on the other, and every change to either.

   A `Review` holds what the server last said and draws both sides from it; the sides ask it for changes and
   never change anything themselves. */

import { api } from "./api.js";
import { consentPanel } from "./consent.js";
import { button, el, goTo, refill } from "./dom.js";
import { Highlight, holds, sources } from "./evidence.js";
import { moment } from "./format.js";
import { refuse, say, working } from "./messages.js";
import { sheet } from "./note.js";
import { picture } from "./picture.js";
import { ProcessNote } from "./process_note.js";
import { receiptOf } from "./receipt.js";
import { S } from "./strings.js";
import { transcriptPane } from "./transcript.js";

const HOVER_MS = 90;
/** How long the pointer rests on a sentence before it lights: crossing the page lights nothing. */

const DRAFTED = new Set(["in_review", "signed"]);
const CUT = new Set(["interrupted", "interrupted_paused"]);

/** The review on the page, if there is one. */
let current = null;

export async function reviewView(sessionId) {
  const review = new Review(sessionId);
  await review.read();
  current = review;
  return { node: review.node, title: review.title };
}

/** Whether words would be lost if this page were left now. */
export function unsaved() {
  return Boolean(current?.node.isConnected && current.unsaved);
}

class Review {
  session = null;
  transcript = null;
  view = null;
  editing = null;
  stale = false;
  opened = new Set();
  highlight = new Highlight();
  #busy = false;
  #hovering = 0;

  constructor(id) {
    this.id = id;
    this.receipt = receiptOf(id, S.receipt.title);
    this.processNote = new ProcessNote(id);
    this.notePane = el("div", {});
    this.transcriptPane = el("section", { class: "transcript-side", "aria-label": S.review.transcript });
    this.picture = el("div", { class: "whole" });
    this.node = el(
      "div",
      { class: "review", "data-session": id },
      el("p", { class: "back" }, el("a", { href: "#/" }, S.back)),
      this.picture,
      el(
        "div",
        { class: "sides" },
        el("section", { class: "note-side", "aria-label": S.review.note }, this.notePane, this.processNote.node),
        this.transcriptPane,
      ),
    );
    this.#listen();
  }

  /** The signed note, or null while it is a draft or there is none. */
  get signed() {
    return this.view?.note.status === "signed" ? this.view.note : null;
  }

  /** The note itself, signed or not; null where none was drafted. */
  get note() {
    return this.signed ? this.signed.note : (this.view?.note ?? null);
  }

  /** Whether whoever is here may do that to this session. */
  may(right) {
    return this.session.rights.includes(right);
  }

  /** Whether anything in the note may still be changed here. */
  get changeable() {
    return !this.signed && this.may("change");
  }

  get title() {
    return this.note?.title ?? S.templates[this.session.template] ?? this.session.template;
  }

  line(utterance) {
    return this.transcript.utterances.find((line) => line.id === utterance);
  }

  /** Whether the transcript says something else than when the note was drafted. */
  get outdated() {
    const rest = this.note ? sources(this.note).flatMap((source) => source.evidence) : [];
    return !this.signed && (this.stale || rest.some((e) => !holds(this.line(e.utterance), e)));
  }

  async read() {
    this.session = await api.session(this.id);
    const drafted = DRAFTED.has(this.session.state);
    [this.transcript, this.view] = await Promise.all([
      api.transcript(this.id),
      drafted ? api.note(this.id) : null,
    ]);
    this.draw();
  }

  /** Draw both sides anew; `focus` is the key of what has the focus afterwards, if it should move. */
  draw(focus = null) {
    this.highlight.reset();
    refill(this.notePane, this.note ? sheet(this) : [this.#noNote()], focus);
    refill(this.transcriptPane, transcriptPane(this), focus);
    refill(this.picture, [picture(this)]);
    this.processNote.node.hidden = !this.may("change");
    this.highlight.rest();
  }

  /** Ask the server for a change and draw what it answers; false, with its reason on the page, where it refused. */
  async change(call, { doing = null, done = S.statement.saved, focus = null, refused = refuse } = {}) {
    if (this.#busy) return false;
    this.#busy = true;
    this.node.setAttribute("aria-busy", "true");
    if (doing) working(doing);
    try {
      const answer = await call();
      if (answer?.note) this.view = answer;
      else if (answer?.utterances) this.transcript = answer;
      else await this.read();
      this.editing = null;
      this.draw(focus);
      say(done);
      return true;
    } catch (error) {
      refused(error);
      return false;
    } finally {
      this.#busy = false;
      this.node.removeAttribute("aria-busy");
    }
  }

  /** Open the editor of that key, unless another holds words that would be lost. */
  edit(key, initial) {
    if (this.#writing) {
      say(S.statement.finishFirst);
      this.#field().focus();
      return;
    }
    this.editing = { key, initial };
    this.draw(key);
  }

  /** Take back the last edit, as often as there is one. */
  async undo() {
    if (!this.changeable || this.editing || !this.note?.edits.length) return;
    await this.change(() => api.undo(this.id), { done: S.review.undone });
  }

  stopEditing(focus) {
    this.editing = null;
    this.draw(focus);
  }

  /** Light what rests on a line, and say how much that is. */
  showResting(utterance) {
    const ids = this.note
      ? sources(this.note)
          .filter(({ evidence }) =>
            evidence.some((e) => e.utterance === utterance && holds(this.line(utterance), e)),
          )
          .map(({ id }) => id)
      : [];
    this.highlight.pin(ids);
    const first = this.highlight.end(ids[0]);
    first?.scrollIntoView({ block: "center", behavior: "auto" });
    say(ids.length ? S.transcript.rests(ids.length) : S.transcript.restsNothing);
  }

  /** Go to the line itself, for where the transcript is not beside the note. */
  goToLine(utterance) {
    goTo(this.transcriptPane.querySelector(`[data-line="${CSS.escape(utterance)}"] .at`));
  }

  consentPanel() {
    return consentPanel(this.session, {
      changed: (gone) => (gone ? (location.hash = "#/") : this.read()),
      reading: this.transcript.utterances.length > 0 ? (utterance) => this.goToLine(utterance) : null,
    });
  }

  #field() {
    return this.editing && this.node.querySelector(`[data-key="${CSS.escape(this.editing.key)}"]`);
  }

  /** Whether words would be lost if this review were left now. */
  get unsaved() {
    return this.#writing || this.processNote.unsaved;
  }

  /** Whether the open editor holds words that the server does not have. */
  get #writing() {
    const field = this.#field();
    return Boolean(field) && field.value.trim() !== this.editing.initial.trim();
  }

  #listen() {
    const id = (event) => event.target.closest("[data-statement]")?.dataset.statement;
    const light = (event) => {
      clearTimeout(this.#hovering);
      const over = id(event);
      this.#hovering = setTimeout(
        () => (over ? this.highlight.light([over]) : this.highlight.rest()),
        HOVER_MS,
      );
    };
    this.notePane.addEventListener("pointerover", (event) => event.pointerType === "mouse" && light(event));
    this.notePane.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && light(event));
    this.notePane.addEventListener("focusin", (event) => id(event) && this.highlight.light([id(event)]));
    this.notePane.addEventListener("focusout", () => this.highlight.rest());
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.highlight.pin([]);
      const typing = event.target.matches("input, textarea, select");
      if (event.key === "z" && (event.ctrlKey || event.metaKey) && !typing) {
        event.preventDefault();
        this.undo();
      }
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && event.target.matches(".cite")) {
        const marks = [...this.notePane.querySelectorAll(".cite")];
        const next = marks[marks.indexOf(event.target) + step];
        if (next) event.preventDefault();
        next?.focus();
      }
    });
  }

  #noNote() {
    const { state } = this.session;
    const again = async () => {
      await this.read().catch(refuse);
      say(S.states[this.session.state]);
    };
    const end = () =>
      this.change(async () => void (await api.end(this.id)), {
        doing: S.review.ending,
        done: S.review.ended,
      });
    const draft = () =>
      this.change(async () => void (await api.draft(this.id, {})), {
        doing: S.draft.drafting,
        done: S.draft.done,
      });
    return el(
      "div",
      { class: "sheet plain" },
      el("h1", { tabindex: "-1", key: "title" }, this.title),
      el("p", { class: "facts" }, `${moment(this.session.created_at)} · ${S.states[state]}`),
      el("p", {}, S.review.notYet[state]),
      this.consentPanel(),
      el(
        "div",
        { class: "actions" },
        this.session.stream && button(S.review.record, () => (location.hash = `#/session/${this.id}/record`), { class: "primary" }),
        CUT.has(state) && this.may("stream to") && button(S.review.end, end, { class: "primary" }),
        state === "ended" && this.may("change") && button(S.review.draft, draft, { class: "primary" }),
        state !== "ended" && state !== "revoked" && button(S.review.again, again),
      ),
      this.session.ended_at && el("div", {}, this.receipt.toggle, this.receipt.panel),
    );
  }
}
