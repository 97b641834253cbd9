/* What the check found, shown where it was found, until the clinician lets it stand, says why, or edits.

   A blocking finding keeps the note from being signed; only words of the clinician's resolve it. */

import { api } from "./api.js";
import { button, el } from "./dom.js";
import { S } from "./strings.js";

/** Open findings whose statement still stands, and those about the whole note. */
export function openOf(note) {
  return note.findings.filter((finding) => finding.resolution === "open");
}

export function blockingOf(note) {
  return openOf(note).filter((finding) => finding.severity === "blocking");
}

/** Findings about one statement. */
export function findingsOf(review, statementId) {
  return review.note.findings
    .filter((finding) => finding.statement === statementId)
    .map((finding) => findingBox(review, finding));
}

/** Findings about no statement, or about one that is not there. */
export function wholeNoteFindings(review) {
  const standing = new Set(
    review.note.sections.flatMap((section) => section.statements).map((statement) => statement.id),
  );
  const about = review.note.findings.filter((finding) => !standing.has(finding.statement));
  const shown = about.filter(
    (finding) => finding.resolution === "open" || finding.resolution === "justified",
  );
  return shown.length
    ? el(
        "div",
        { class: "whole" },
        shown.map((finding) => findingBox(review, finding)),
      )
    : null;
}

function findingBox(review, finding) {
  const id = `finding-${finding.id}`;
  if (finding.resolution !== "open") return settled(finding, id);
  if (!review.changeable) return el("p", { class: "finding settled", id }, finding.detail);
  const blocking = finding.severity === "blocking";
  return el(
    "div",
    {
      class: blocking ? "finding blocking" : "finding",
      id,
      role: "group",
      "aria-label": blocking ? S.finding.blocking : S.finding.advisory,
    },
    el("p", {}, el("strong", {}, blocking ? S.finding.blocking : S.finding.advisory), " ", finding.detail),
    blocking && el("p", { class: "hint" }, S.finding.orElse),
    el(
      "div",
      { class: "actions" },
      !blocking &&
        button(S.finding.accept, () => resolve(review, finding, "accepted"), {
          class: "small",
          "aria-label": S.finding.acceptOf(finding.detail),
        }),
      reasonForm(review, finding),
    ),
  );
}

function reasonForm(review, finding) {
  const reason = el("textarea", {
    rows: 2,
    key: `reason:${finding.id}`,
    "aria-label": S.finding.reason,
    maxlength: 1000,
  });
  const submit = () => {
    if (reason.value.trim()) resolve(review, finding, "justified", reason.value.trim());
    else reason.focus();
  };
  return el(
    "details",
    { class: "reason", key: `justify:${finding.id}` },
    el("summary", {}, S.finding.justify),
    reason,
    button(S.finding.submit, submit, { class: "small" }),
  );
}

function resolve(review, finding, how, reason = "") {
  const after = finding.statement ? `edit:${finding.statement}` : "title";
  return review.change(() => api.resolve(review.id, finding.id, how, reason), {
    done: S.finding.done,
    focus: after,
  });
}

function settled(finding, id) {
  const words = {
    accepted: S.finding.accepted,
    justified: S.finding.justified(finding.reason),
    edited: S.finding.edited,
  }[finding.resolution];
  return words ? el("p", { class: "finding settled", id }, el("span", {}, finding.detail), " ", words) : "";
}
