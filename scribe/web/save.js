/* Saving the note as a file: final once it is signed, with a watermark while it is a draft. */

import { api } from "./api.js";
import { button, el } from "./dom.js";
import { refuse, say } from "./messages.js";
import { S } from "./strings.js";

export function saveForms(review) {
  const draft = !review.signed;
  return el(
    "section",
    { class: "save", "aria-labelledby": "save-title" },
    el("h2", { id: "save-title" }, draft ? S.export.draftTitle : S.export.title),
    el("p", { class: "hint" }, draft ? S.export.draftLead : S.export.lead),
    el(
      "div",
      { class: "actions" },
      Object.entries(S.export.formats).map(([format, name]) =>
        button(name, () => save(review, format, draft), {
          "aria-label": draft ? S.export.asDraft(name) : S.export.as(name),
        }),
      ),
    ),
  );
}

async function save(review, format, draft) {
  try {
    const { name, content } = await api.export(review.id, format, draft);
    const address = URL.createObjectURL(content);
    el("a", { href: address, download: name }).click();
    // The browser has begun the download by the next task; the address would hold the note in memory.
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    say(S.export.done(name));
  } catch (error) {
    refuse(error);
  }
}
