/* A new session: what it is for, who takes part, and everybody's consent. Nothing can be recorded before that is
   complete; what is given here goes to this server only. */

import { api } from "./api.js";
import { agreements } from "./agreement.js";
import { button, el, field } from "./dom.js";
import { people } from "./people.js";
import { S } from "./strings.js";

const LONGEST = 80;

export async function startView() {
  const [{ templates }, statement] = await Promise.all([api.templates(), api.statement()]);
  return { node: new Start(templates, statement).node, title: S.start.title };
}

class Start {
  constructor(templates, statement) {
    this.template = el(
      "select",
      { key: "template" },
      templates.map(({ name, title }) =>
        el("option", { value: name, selected: name === "soap" }, S.templates[name] ?? title),
      ),
    );
    this.modality = el("input", { list: "modalities", maxlength: LONGEST, value: S.start.modalities[0] });
    this.goals = el("textarea", { rows: "2" });
    this.diagnoses = el("textarea", { rows: "2" });
    this.before = el("textarea", { rows: "3", maxlength: "20000" });
    this.vocabulary = el("input", {});
    this.place = el("input", { maxlength: "16", autocomplete: "off", placeholder: "US-NY" });
    this.people = people(() => this.#drawAgreements());
    this.agreements = agreements(statement);
    this.said = el("p", { class: "refusal", role: "alert" });
    this.submit = el("button", { type: "submit", class: "primary big" }, S.start.submit);
    this.node = this.#form();
    this.#drawAgreements();
  }

  #form() {
    return el(
      "div",
      { class: "start" },
      el("p", { class: "back" }, el("a", { href: "#/" }, S.back)),
      el("h1", { tabindex: "-1" }, S.start.title),
      el(
        "form",
        { class: "form", novalidate: true, onsubmit: (event) => this.#begin(event) },
        part(
          S.start.what,
          el(
            "div",
            { class: "pair kind" },
            field(S.start.template, this.template),
            field(S.start.modality, this.modality),
            field(S.start.place, this.place, S.start.placeHint),
          ),
          el(
            "datalist",
            { id: "modalities" },
            S.start.modalities.map((value) => el("option", { value })),
          ),
          el(
            "details",
            {},
            el("summary", {}, S.start.more),
            el(
              "div",
              { class: "form" },
              field(S.start.goals, this.goals, S.start.goalsHint),
              field(S.start.diagnoses, this.diagnoses, S.start.diagnosesHint),
              field(S.start.before, this.before, S.start.beforeHint),
              field(S.start.vocabulary, this.vocabulary, S.start.vocabularyHint),
            ),
          ),
        ),
        part(S.start.who, this.people.node),
        part(S.start.consent, this.agreements.node),
        el("div", { class: "form sheet part" }, this.said, el("div", { class: "actions" }, this.submit)),
      ),
    );
  }

  #drawAgreements() {
    this.agreements?.draw(this.people.all());
  }

  async #begin(event) {
    event.preventDefault();
    const jurisdiction = this.place.value.trim().toUpperCase();
    const people = this.people.all().map((person) => ({ ...person, ...(jurisdiction && { jurisdiction }) }));
    const fault = this.people.fault() ?? this.agreements.fault(people);
    if (fault) {
      this.said.textContent = fault.text;
      fault.field?.focus();
      return;
    }
    this.submit.disabled = true;
    try {
      const session = await api.create({
        template: this.template.value,
        participants: people,
        consents: this.agreements.all(people),
        context: this.#context(),
      });
      location.hash = `#/session/${session.id}/record`;
    } catch (error) {
      this.said.textContent = error.message;
      this.submit.disabled = false;
    }
  }

  #context() {
    const context = { modality: this.modality.value.trim(), notes_markdown: this.before.value.trim() };
    context.treatment_goals = lines(this.goals).map((text, number) => ({ id: `g${number + 1}`, text }));
    context.diagnoses = lines(this.diagnoses);
    context.vocabulary = this.vocabulary.value
      .split(",")
      .map((word) => word.trim())
      .filter(Boolean);
    return context;
  }
}

function part(title, ...children) {
  return el("section", { class: "sheet part form" }, el("h2", {}, title), ...children);
}

function lines(area) {
  return area.value
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

/** The button of the list that leads here. */
export function startLink() {
  return button(S.start.open, () => (location.hash = "#/new"), { class: "primary" });
}
