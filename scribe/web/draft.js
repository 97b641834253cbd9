/* Having the whole note drafted again: with another template or length, or because the transcript changed. */

import { api } from "./api.js";
import { confirm } from "./dialog.js";
import { button, el, field } from "./dom.js";
import { S } from "./strings.js";

const LONGEST_TERM = 60;

export function draftForm(review) {
  const { note } = review;
  const template = el(
    "select",
    { key: `template:${note.template}` },
    Object.entries(S.templates).map(([name, title]) =>
      el("option", { value: name, selected: name === note.template }, title),
    ),
  );
  const term = el("input", {
    key: `term:${note.client_term}`,
    value: note.client_term,
    maxlength: LONGEST_TERM,
    autocomplete: "off",
  });
  const lengths = Object.entries(S.draft.details).map(([value, text]) =>
    el(
      "label",
      {},
      el("input", {
        type: "radio",
        name: "detail",
        key: `detail:${value}:${note.detail}`,
        value,
        checked: value === note.detail,
      }),
      el("span", {}, text),
    ),
  );
  const form = el(
    "form",
    {
      onsubmit: (event) => {
        event.preventDefault();
        const detail = form.querySelector("input[name=detail]:checked").value;
        draftAgain(review, {
          template: template.value,
          detail,
          client_term: term.value.trim() || note.client_term,
        });
      },
    },
    field(S.draft.template, template),
    el("fieldset", { class: "choice" }, el("legend", {}, S.draft.detail), el("div", {}, lengths)),
    field(S.draft.term, term),
    el("button", { type: "submit" }, S.draft.submit),
  );
  return el("details", { class: "redraft", key: "redraft" }, el("summary", {}, S.draft.change), form);
}

/** Draft the note again, after a question if the clinician's own changes would go; as it is, if not told how. */
export async function draftAgain(review, request = null) {
  const { note } = review;
  if (!(await mayReplace(review, S.draft.loseTitle, S.draft.submit))) return;
  const asked = request ?? { template: note.template, detail: note.detail, client_term: note.client_term };
  const done = await review.change(
    async () => {
      const answer = await api.draft(review.id, asked);
      review.stale = false;
      return answer;
    },
    { doing: S.draft.drafting, done: S.draft.done, focus: "title" },
  );
  if (done) window.scrollTo(0, 0);
}

/** Whether the note may be replaced by a new draft: yes at once where nothing in it is the clinician's. */
export async function mayReplace(review, title, yes) {
  const mine = review.note ? review.note.edits.length : 0;
  if (mine === 0) return true;
  return confirm({ title, lines: [S.draft.loseLead(mine), S.draft.loseRest], yes });
}
