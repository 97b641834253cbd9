/* The clinician's own process note of a session: kept apart from the record, read by nobody else, in no export.

   It is fetched when it is opened, and its editor outlives every redrawing of the review around it. */

import { api } from "./api.js";
import { confirm } from "./dialog.js";
import { button, el } from "./dom.js";
import { moment } from "./format.js";
import { refuse, say } from "./messages.js";
import { S } from "./strings.js";

export class ProcessNote {
  #stored = null;

  constructor(sessionId) {
    this.id = sessionId;
    this.text = el("textarea", {
      rows: "6",
      maxlength: "100000",
      "aria-label": S.process.title,
      oninput: () => this.#show(),
    });
    this.when = el("p", { class: "hint", role: "status" });
    this.save = button(S.process.save, () => this.#write(), { class: "primary" });
    this.destroy = button(S.process.destroy, () => this.#destroy(), { class: "quiet" });
    this.inside = el("div", { class: "form inside", "aria-live": "polite" });
    this.node = el(
      "details",
      { class: "sheet process", ontoggle: () => this.#open() },
      el("summary", {}, S.process.title),
      this.inside,
    );
  }

  /** Whether the field holds words that the server does not have. */
  get unsaved() {
    return this.#stored !== null && this.text.value.trim() !== this.#stored.trim();
  }

  async #open() {
    if (!this.node.open || this.#stored !== null) return;
    this.inside.replaceChildren(el("p", {}, S.loading));
    try {
      this.#take(await api.processNote(this.id));
    } catch (error) {
      this.inside.replaceChildren(el("p", { class: "refusal" }, error.message));
      return;
    }
    this.inside.replaceChildren(
      el("p", { class: "hint" }, S.process.lead),
      this.text,
      this.when,
      el("div", { class: "actions" }, this.save, this.destroy),
    );
  }

  #take({ text, changed_at: changed }) {
    this.#stored = text;
    this.text.value = text;
    this.when.textContent = changed ? S.process.changed(moment(changed)) : S.process.none;
    this.destroy.hidden = !changed;
    this.#show();
  }

  #show() {
    this.save.disabled = !this.unsaved || !this.text.value.trim();
  }

  async #write() {
    try {
      this.#take(await api.writeProcessNote(this.id, this.text.value.trim()));
      say(S.process.saved);
    } catch (error) {
      refuse(error);
    }
  }

  async #destroy() {
    if (!(await confirm({ title: S.process.destroyTitle, lines: [S.process.destroyLead], yes: S.process.destroyYes })))
      return;
    try {
      await api.destroyProcessNote(this.id);
      this.#take({ text: "", changed_at: null });
      say(S.process.destroyed);
    } catch (error) {
      refuse(error);
    }
  }
}
