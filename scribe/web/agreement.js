/* Everybody's consent, person by person: what they agree to, in full, how they said so, and their own check. */

import { el, field, refill } from "./dom.js";
import { S } from "./strings.js";

const METHODS = ["verbal", "electronic", "written"];

/** `statement` is {version, text}: the words that are agreed to. */
export function agreements(statement) {
  const list = el("ol", { class: "agreements" });
  const rows = new Map();

  return {
    node: el(
      "div",
      { class: "form" },
      el("blockquote", { class: "statement-text" }, statement.text),
      el("p", { class: "hint" }, S.agreement.version(statement.version)),
      list,
    ),

    /** Draw a row for each person; what was ticked stays. */
    draw(people) {
      refill(
        list,
        people.map((person) => {
          const row = agreement(person);
          rows.set(person.id, row);
          return row.node;
        }),
      );
      for (const person of people) rows.get(person.id).show();
    },

    /** The first thing that is not complete, as {text, field}; null where everybody agreed. */
    fault(people) {
      for (const person of people) {
        const fault = rows.get(person.id).fault();
        if (fault) return fault;
      }
      return null;
    },

    all(people) {
      const now = new Date().toISOString();
      return people.map((person) => ({
        participant_id: person.id,
        statement_version: statement.version,
        given_at: now,
        ...rows.get(person.id).value(),
      }));
    },
  };
}

function agreement(person) {
  const who = person.label || S.roles[person.role];
  const key = (name) => `${name}:${person.id}`;
  const method = el(
    "select",
    { key: key("method"), onchange: () => show() },
    METHODS.map((value) => el("option", { value }, S.agreement.methods[value])),
  );
  const tick = el("input", { type: "checkbox", key: key("agreed") });
  const signature = el("input", { key: key("signature"), autocomplete: "off", maxlength: "120" });
  const guardian = el("input", { key: key("guardian"), autocomplete: "off", maxlength: "120" });
  const relation = el("input", { key: key("relation"), autocomplete: "off", maxlength: "80" });
  const assent = el("input", { type: "checkbox", key: key("assent") });
  const script = el("p", { class: "hint script" }, S.agreement.script);
  const signed = field(S.agreement.signature, signature, S.agreement.signatureHint);
  const words = el("span", {});

  function show() {
    script.hidden = method.value !== "verbal";
    signed.hidden = method.value !== "electronic";
    words.textContent = person.minor ? S.agreement.guardianAgreed(who) : S.agreement.agreed(who);
  }

  return {
    node: el(
      "li",
      { class: "agreement" },
      el("h3", {}, who),
      person.minor &&
        el("div", { class: "pair" }, field(S.agreement.guardian, guardian), field(S.agreement.relation, relation)),
      field(S.agreement.how, method),
      script,
      signed,
      el("label", { class: "tick" }, tick, words),
      person.minor && el("label", { class: "tick" }, assent, el("span", {}, S.agreement.assent(who))),
    ),
    show,
    fault() {
      if (person.minor && !guardian.value.trim()) return { text: S.agreement.noGuardian(who), field: guardian };
      if (method.value === "electronic" && !signature.value.trim())
        return { text: S.agreement.noSignature(who), field: signature };
      if (!tick.checked) return { text: S.agreement.noTick(who), field: tick };
      return null;
    },
    value() {
      const given = { method: method.value };
      if (method.value === "electronic") given.signed_name = signature.value.trim();
      if (person.minor) {
        given.given_by = { label: guardian.value.trim(), relationship: relation.value.trim() || S.agreement.guardianWord };
        given.assent = assent.checked;
      }
      return given;
    },
  };
}
