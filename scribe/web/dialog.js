/* One question that must be answered before something is lost; resolves to whether the answer was yes.

   A native modal dialog: focus stays in it, Escape is "no", and "no" has the focus first. */

import { button, el } from "./dom.js";
import { S } from "./strings.js";

/** `lines` are paragraphs; `tick` is a sentence that must be ticked before `yes` can be chosen. */
export function confirm({ title, lines, yes, tick = null, danger = true }) {
  return new Promise((resolve) => {
    const agree = button(yes, () => dialog.close("yes"), {
      class: danger ? "danger" : "primary",
      disabled: tick !== null,
    });
    const box = tick && el("input", { type: "checkbox", onchange: () => (agree.disabled = !box.checked) });
    const dialog = el(
      "dialog",
      { "aria-labelledby": "dialog-title", "aria-describedby": "dialog-text" },
      el("h2", { id: "dialog-title" }, title),
      el(
        "div",
        { id: "dialog-text" },
        lines.map((line) => el("p", {}, line)),
      ),
      box && el("label", { class: "tick" }, box, el("span", {}, tick)),
      el(
        "div",
        { class: "actions" },
        button(S.cancel, () => dialog.close("no"), { autofocus: true }),
        agree,
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
