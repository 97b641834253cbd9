/* The note as a sheet of paper: what it is, what has to be looked at, risk first, the sections, the signature. */

import { addenda } from "./addenda.js";
import { api } from "./api.js";
import { confirm } from "./dialog.js";
import { button, el, goTo } from "./dom.js";
import { draftForm, draftAgain } from "./draft.js";
import { editor } from "./editor.js";
import { blockingOf, openOf, wholeNoteFindings } from "./finding.js";
import { clock, day, length, moment } from "./format.js";
import { say } from "./messages.js";
import { payerList } from "./payer.js";
import { riskBlock } from "./risk.js";
import { saveForms } from "./save.js";
import { signatureBlock, signForm } from "./sign.js";
import { statementItem } from "./statement.js";
import { S } from "./strings.js";

export function sheet(review) {
  const { note, signed } = review;
  return [
    el(
      "article",
      { class: signed ? "sheet signed" : "sheet draft" },
      signed ? signedBanner(signed) : draftBanner(review),
      heading(review),
      review.changeable && draftForm(review),
      review.outdated && outdated(review),
      wholeNoteFindings(review),
      note.risk.length > 0 && riskBlock(review),
      note.sections.map((section) => sectionBlock(review, section)),
      payerList(review),
      signed ? [signatureBlock(signed), addenda(review)] : review.may("sign") && signForm(review),
      review.may(signed ? "export" : "read") && saveForms(review),
      el(
        "footer",
        { class: "made" },
        el("p", {}, S.provenance(note.provenance)),
        note.provenance.recognizer_notice && el("p", {}, note.provenance.recognizer_notice),
        el("div", {}, review.receipt.toggle, review.receipt.panel),
      ),
    ),
  ];
}

function draftBanner(review) {
  const blocking = blockingOf(review.note);
  const advisory = openOf(review.note).filter((finding) => finding.severity === "advisory");
  const jump = (findings) => () => goTo(document.getElementById(`finding-${findings[0].id}`));
  return el(
    "div",
    { class: "banner", role: "note" },
    el("p", {}, el("strong", {}, S.review.draftWord), " ", el("span", {}, S.review.draftRest)),
    el(
      "p",
      { class: "open" },
      blocking.length > 0 &&
        button(S.review.blocking(blocking.length), jump(blocking), {
          class: "count blocking",
          "aria-label": `${S.review.blocking(blocking.length)}: ${S.review.blockingLong(blocking.length)}`,
        }),
      advisory.length > 0 &&
        button(S.review.advisory(advisory.length), jump(advisory), {
          class: "count",
          "aria-label": `${S.review.advisory(advisory.length)}: ${S.review.advisoryLong(advisory.length)}`,
        }),
      review.changeable &&
        review.note.edits.length > 0 &&
        button(S.review.undo, () => review.undo(), { class: "count", key: "undo", title: S.review.undoKeys }),
      review.may("sign") &&
        button(S.review.toSign, () => goTo(document.getElementById("sign")), { class: "count" }),
    ),
  );
}

function signedBanner(signed) {
  const { name, credentials, at } = signed.signature;
  return el(
    "div",
    { class: "banner", role: "note" },
    el(
      "p",
      {},
      el("strong", {}, S.review.signedWord),
      " ",
      el("span", {}, S.review.signedRest(`${name}, ${credentials},`, moment(at))),
    ),
  );
}

function heading(review) {
  const { session } = review;
  const began = session.started_at ?? session.created_at;
  const [from, to] = [clock(began), session.ended_at ? clock(session.ended_at) : ""];
  const until = to && to !== from ? `${from} – ${to}` : from;
  const people = session.participants.map((person) => person.label || S.roles[person.role]).join(", ");
  const facts = [
    [day(began), until, length(session.seconds)],
    [people, session.context.modality],
  ];
  return el(
    "header",
    {},
    el("h1", { tabindex: "-1", key: "title" }, review.note.title),
    facts.map((line) => el("p", { class: "facts" }, line.filter(Boolean).join(" · "))),
  );
}

function outdated(review) {
  return el(
    "div",
    { class: "outdated", role: "note" },
    el("p", {}, S.draft.stale),
    review.changeable && button(S.draft.submit, () => draftAgain(review), { class: "primary", key: "draft-again" }),
  );
}

function sectionBlock(review, section) {
  const { signed } = review;
  const silent = section.statements.length === 0;
  const id = `section-${section.code}`;
  return el(
    "section",
    { class: silent ? "part silent" : "part", "aria-labelledby": id },
    el(
      "header",
      {},
      el("h2", { id }, section.title),
      el(
        "div",
        { class: "tools" },
        signed &&
          !silent &&
          button(S.section.copy, () => copy(section), {
            class: "quiet",
            "aria-label": S.section.copyOf(section.title),
          }),
        review.changeable &&
          button(S.section.redraft, () => redraft(review, section), {
            class: "quiet",
            key: `redraft:${section.code}`,
            "aria-label": S.section.redraftOf(section.title),
          }),
      ),
    ),
    silent && el("p", { class: "silence" }, S.section.notDiscussed),
    !silent &&
      el(
        "ul",
        { class: "statements" },
        section.statements.map((statement) => statementItem(review, section, statement)),
      ),
    review.changeable && writer(review, section),
    review.changeable && removedOf(review, section),
  );
}

function writer(review, section) {
  const key = `write:${section.code}`;
  const silent = section.statements.length === 0;
  if (review.editing?.key === key) {
    return editor({
      key,
      label: S.section.writeIn(section.title),
      initial: "",
      empty: S.statement.empty,
      cancel: () => review.stopEditing(`open:${key}`),
      save: (text) => review.change(() => api.write(review.id, section.code, text), { focus: `open:${key}` }),
    });
  }
  return button(silent ? S.section.write : S.section.add, () => review.edit(key, ""), {
    class: "quiet write",
    key: `open:${key}`,
    "aria-label": silent ? S.section.writeIn(section.title) : S.section.addTo(section.title),
  });
}

/** What the clinician took out of this section and has not put back since. */
function removedOf(review, section) {
  const texts = review.note.edits
    .filter((edit) => edit.section === section.code && edit.after === null)
    .map((edit) => edit.before);
  const present = new Set(section.statements.map((statement) => statement.text));
  const removed = [...new Set(texts)].filter((text) => !present.has(text));
  if (!removed.length) return null;
  const back = (text) => () =>
    review.change(() => api.write(review.id, section.code, text), {
      done: S.section.putBackDone,
      focus: `open:write:${section.code}`,
    });
  return el(
    "details",
    { class: "removed", key: `removed:${section.code}` },
    el("summary", {}, S.section.removed(removed.length)),
    el("p", { class: "hint" }, S.section.putBackHint),
    el(
      "ul",
      {},
      removed.map((text) =>
        el("li", {}, el("del", {}, text), " ", button(S.section.putBack, back(text), { class: "quiet" })),
      ),
    ),
  );
}

async function redraft(review, section) {
  const mine = review.note.edits.filter((edit) => edit.section === section.code).length;
  if (mine > 0) {
    const lines = [S.section.editLead(mine), S.section.editRest];
    if (!(await confirm({ title: S.section.editTitle(section.title), lines, yes: S.section.redraft })))
      return;
  }
  await review.change(() => api.redraft(review.id, section.code), {
    doing: S.section.redrafting,
    done: S.section.redrafted(section.title),
  });
}

async function copy(section) {
  const text = section.statements.map((statement) => statement.text).join("\n");
  try {
    await navigator.clipboard.writeText(text);
    say(S.section.copied(section.title));
  } catch {
    say(S.section.copyRefused);
  }
}
