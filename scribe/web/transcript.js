/* What was said, by whom and when, line by line; a line can be corrected and shows what rests on it. */

import { api } from "./api.js";
import { button, el } from "./dom.js";
import { editor } from "./editor.js";
import { sources, stretches } from "./evidence.js";
import { position } from "./format.js";
import { namesForm } from "./names.js";
import { speakersPanel } from "./speakers.js";
import { S } from "./strings.js";

export function transcriptPane(review) {
  const { utterances, marks } = review.transcript;
  const resting = review.note ? sources(review.note) : [];
  const pieces = [
    ...utterances.map((line) => ({ at: line.start, line })),
    ...marks.map((mark) => ({ at: mark.at, mark })),
  ];
  pieces.sort((a, b) => a.at - b.at);
  const rows = [];
  let speaker = null;
  for (const { line, mark } of pieces) {
    if (mark) {
      rows.push(markRow(mark));
      speaker = null;
    } else {
      rows.push(lineRow(review, line, resting, line.speaker !== speaker));
      speaker = line.speaker;
    }
  }
  return [
    el(
      "header",
      {},
      el("h2", {}, S.review.transcript),
      utterances.length > 0 && review.note && el("p", { class: "hint" }, S.transcript.lead),
      utterances.length > 0 && speakersPanel(review),
      review.note && review.consentPanel(),
      utterances.length > 0 && review.changeable && review.session.state !== "revoked" && namesForm(review),
    ),
    rows.length
      ? el("ol", { class: "lines", tabindex: "0", "aria-label": S.review.transcript }, rows)
      : el("p", { class: "hint none" }, S.transcript.none),
  ];
}

/** Name of whoever speaks a line: the participant's label, else the role. */
export function nameOf(review, line) {
  const assigned = review.session.speakers[line.speaker];
  const person = review.session.participants.find((one) => one.id === assigned?.participant_id);
  return person?.label || S.roles[line.role];
}

function lineRow(review, line, resting, first) {
  const who = nameOf(review, line);
  const time = position(line.start);
  const key = `line:${line.id}`;
  const row = el("li", { class: `line ${line.role}${first ? " first" : ""}`, "data-line": line.id });
  // The name is there for every line, so that nobody has to infer it; eyes see it where the speaker changes.
  row.append(el("span", { class: first ? "speaker" : "speaker visually-hidden" }, who));
  if (review.editing?.key === key) {
    row.append(lineEditor(review, line, key));
    return row;
  }
  row.append(
    button(time, () => review.showResting(line.id), {
      class: "at",
      key: `at:${line.id}`,
      "aria-label": S.transcript.line(time, who),
    }),
    el(
      "p",
      { onclick: () => getSelection().isCollapsed && review.showResting(line.id) },
      stretches(line, resting).map((piece) => wordsOf(review, piece)),
      line.corrected && el("span", { class: "mark mine" }, " ", S.transcript.corrected),
    ),
  );
  if (review.changeable && review.session.state === "in_review") {
    row.append(
      button(S.transcript.correct, () => review.edit(key, line.text), {
        class: "quiet tool",
        key: `correct:${line.id}`,
        "aria-label": S.transcript.correctOf(time),
      }),
    );
  }
  return row;
}

function wordsOf(review, { text, ids }) {
  if (!ids.length) return text;
  const words = el("span", { class: "used" }, text);
  for (const id of ids) review.highlight.word(id, words);
  return words;
}

function lineEditor(review, line, key) {
  return editor({
    key,
    label: S.transcript.editor,
    initial: line.text,
    empty: S.transcript.empty,
    cancel: () => review.stopEditing(`correct:${line.id}`),
    save: (text) =>
      review.change(
        async () => {
          const answer = await api.correct(review.id, line.id, text);
          review.stale = true;
          return answer;
        },
        { done: S.transcript.saved, focus: `correct:${line.id}` },
      ),
  });
}

function markRow(mark) {
  const label = mark.label ? `: ${mark.label}` : "";
  return el(
    "li",
    { class: `moment ${mark.kind}` },
    `${position(mark.at)}  ${S.transcript[mark.kind]}${label}`,
  );
}
