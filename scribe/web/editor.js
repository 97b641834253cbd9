/* A field in the place of a sentence: Enter saves, Escape cancels. What is written is one line of plain text. */

import { button, el } from "./dom.js";
import { S } from "./strings.js";

/** `save` gets the text and is awaited; `key` names the field across a rendering; `empty` is said of no words. */
export function editor({ key, label, initial, save, cancel, empty }) {
  const hint = `${key}-hint`;
  const said = el("p", { class: "refusal", role: "alert" });
  const area = el("textarea", {
    key,
    value: initial,
    rows: Math.max(2, Math.ceil(initial.length / 60)),
    "aria-label": label,
    "aria-describedby": hint,
    onkeydown: (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        submit();
      } else if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        cancel();
      }
    },
  });

  async function submit() {
    const text = area.value.trim();
    if (!text) {
      said.textContent = empty;
      area.focus();
      return;
    }
    await save(text);
  }

  return el(
    "div",
    { class: "editor" },
    area,
    said,
    el(
      "div",
      { class: "actions" },
      button(S.statement.save, submit, { class: "primary" }),
      button(S.cancel, cancel),
      el("span", { class: "hint", id: hint }, S.statement.keys),
    ),
  );
}
