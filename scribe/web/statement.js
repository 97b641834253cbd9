/* One sentence of the note: its evidence, whose words it is, what was found about it, and changing it. */

import { api } from "./api.js";
import { button, el } from "./dom.js";
import { editor } from "./editor.js";
import { holds } from "./evidence.js";
import { findingsOf } from "./finding.js";
import { position } from "./format.js";
import { S } from "./strings.js";

const TIMES_SHOWN = 3;

export function statementItem(review, section, statement) {
  const key = `statement:${statement.id}`;
  const item = el("li", { class: "statement", "data-statement": statement.id });
  review.highlight.statement(statement.id, item);
  if (review.editing?.key === key) {
    item.append(
      editor({
        key,
        label: S.statement.editor,
        initial: statement.text,
        empty: S.statement.empty,
        cancel: () => review.stopEditing(`edit:${statement.id}`),
        save: (text) =>
          review.change(() => api.edit(review.id, statement.id, text), { focus: `edit:${statement.id}` }),
      }),
    );
    return item;
  }
  item.append(
    el(
      "p",
      { class: "text", onclick: () => pin(review, statement.id) },
      statement.text,
      " ",
      statement.evidence.length ? cite(review, statement.id, statement.evidence) : null,
    ),
    mark(review, statement) ?? "",
    quotes(review, statement.id, statement.evidence) ?? "",
    ...findingsOf(review, statement.id),
  );
  if (review.changeable) item.append(tools(review, section, statement, key));
  return item;
}

/** The mark at the end of a sentence: when its evidence was said; opens the quotes and keeps them lit. */
export function cite(review, id, evidence) {
  const lines = [...new Set(evidence.map((e) => e.utterance))]
    .map((utterance) => review.line(utterance))
    .filter(Boolean);
  const times = lines
    .map((line) => line.start)
    .sort((a, b) => a - b)
    .map(position);
  const shown =
    times.slice(0, TIMES_SHOWN).join("  ") +
    (times.length > TIMES_SHOWN ? ` +${times.length - TIMES_SHOWN}` : "");
  return el(
    "button",
    {
      type: "button",
      class: "cite",
      key: `cite:${id}`,
      "aria-label": S.statement.evidence(times.join(", ")),
      "aria-expanded": String(review.opened.has(id)),
      "aria-controls": review.opened.has(id) ? `quotes-${id}` : null,
      onclick: (event) => {
        event.stopPropagation();
        const open = !review.opened.has(id);
        if (open) review.opened.add(id);
        else review.opened.delete(id);
        review.highlight.pin(open ? [id] : []);
        review.draw(`cite:${id}`);
      },
    },
    shown,
  );
}

/** The evidence in words below its sentence, for whoever does not see the transcript beside it. */
export function quotes(review, id, evidence) {
  if (!review.opened.has(id) || !evidence.length) return null;
  return el(
    "ul",
    { class: "quotes", id: `quotes-${id}` },
    evidence.map((e) => {
      const line = review.line(e.utterance);
      return el(
        "li",
        {},
        line && el("span", { class: "who" }, `${S.roles[line.role]} ${position(line.start)}`),
        !holds(line, e) && el("span", { class: "hint" }, S.statement.corrected),
        el("q", {}, e.quote),
        line && button(S.statement.show, () => review.goToLine(e.utterance), { class: "quiet" }),
      );
    }),
  );
}

/** Whose words these are, where they are not plainly what was said. */
function mark(review, statement) {
  if (statement.support === "inferred") return el("p", { class: "mark" }, S.statement.inferred);
  if (statement.support === "context") return el("p", { class: "mark" }, S.statement.context);
  const edits = review.note.edits.filter((edit) => edit.statement === statement.id);
  // A section drafted anew takes up the ids of the old one; an edit counts while its words stand.
  if (edits.at(-1)?.after !== statement.text) return null;
  const first = edits.findLast((edit, number) => number === 0 || edits[number - 1].after !== edit.before);
  if (first.before === null) return el("p", { class: "mark mine" }, S.statement.written);
  return el(
    "details",
    { class: "mark mine", key: `was:${statement.id}` },
    el("summary", {}, S.statement.edited),
    el("p", {}, `${S.statement.draftedAs}: `, el("del", {}, first.before)),
  );
}

function tools(review, section, statement, key) {
  const remove = () =>
    review.change(() => api.remove(review.id, statement.id), {
      done: S.statement.removed,
      focus: `open:write:${section.code}`,
    });
  return el(
    "div",
    { class: "tools" },
    button(S.statement.edit, () => review.edit(key, statement.text), {
      class: "quiet",
      key: `edit:${statement.id}`,
      "aria-label": S.statement.editOf(statement.text),
    }),
    button(S.statement.remove, remove, {
      class: "quiet",
      "aria-label": S.statement.removeOf(statement.text),
    }),
  );
}

/** Keep a sentence lit, or no longer; not when its text is being selected. */
function pin(review, id) {
  if (!getSelection().isCollapsed) return;
  review.highlight.pin(review.highlight.pinned.includes(id) ? [] : [id]);
}
