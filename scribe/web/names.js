/* What the participants are called: names and pronouns, which the words of the note follow. */

import { api } from "./api.js";
import { el, field } from "./dom.js";
import { mayReplace } from "./draft.js";
import { S } from "./strings.js";

export function namesForm(review) {
  const { participants } = review.session;
  const rows = participants.map((person) => {
    const input = (key, value, most) =>
      el("input", { key: `${key}:${person.id}:${value}`, value, maxlength: most, autocomplete: "off" });
    return {
      person,
      label: input("label", person.label, 120),
      pronouns: input("pronouns", person.pronouns, 40),
    };
  });

  async function submit(event) {
    event.preventDefault();
    const changed = rows.filter(
      ({ person, label, pronouns }) => label.value.trim() !== person.label || pronouns.value.trim() !== person.pronouns,
    );
    if (!changed.length || !(await mayReplace(review, S.names.loseTitle, S.names.submit))) return;
    await review.change(
      async () => {
        for (const { person, label, pronouns } of changed) {
          await api.rename(review.id, person.id, { label: label.value.trim(), pronouns: pronouns.value.trim() });
        }
      },
      { doing: S.speakers.saving, done: S.names.done, focus: "names-summary" },
    );
  }

  return el(
    "details",
    { class: "names", key: "names" },
    el("summary", { key: "names-summary" }, S.names.title),
    el(
      "form",
      { class: "form", onsubmit: submit },
      rows.map(({ person, label, pronouns }) =>
        el(
          "fieldset",
          {},
          el("legend", {}, S.roles[person.role]),
          el("div", { class: "pair" }, field(S.people.name, label), field(S.people.pronouns, pronouns)),
        ),
      ),
      el("button", { type: "submit" }, S.names.submit),
    ),
  );
}
