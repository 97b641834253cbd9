/* What payers look for: which of the twenty elements the note has, what would satisfy the others, and which codes
   the minutes support. Read when it is opened, and again after every change of the note. */

import { api } from "./api.js";
import { el } from "./dom.js";
import { S } from "./strings.js";

const MARKS = { present: "✓", absent: "✗", not_applicable: "–" };

export function payerList(review) {
  const inside = el("div", { class: "inside", "aria-live": "polite" });
  const node = el(
    "details",
    { class: "payer", key: "payer", ontoggle: read },
    el("summary", {}, S.payer.title),
    inside,
  );

  async function read() {
    if (!node.open || inside.hasChildNodes()) return;
    inside.append(el("p", {}, S.loading));
    try {
      inside.replaceChildren(...written(await api.checklist(review.id)));
    } catch (error) {
      inside.replaceChildren(el("p", { class: "refusal" }, error.message));
    }
  }

  return node;
}

function written({ items, time }) {
  const here = items.filter((item) => item.status === "present").length;
  const asked = items.filter((item) => item.status !== "not_applicable").length;
  return [
    el("p", { class: "hint" }, S.payer.lead(here, asked)),
    el(
      "ul",
      {},
      items.map((item) =>
        el(
          "li",
          { class: item.status },
          el("span", { "aria-hidden": "true" }, MARKS[item.status]),
          el(
            "span",
            {},
            item.title,
            el("span", { class: "visually-hidden" }, `: ${S.payer.status[item.status]}`),
            item.status === "absent" && item.needs && el("small", { class: "hint" }, item.needs),
          ),
        ),
      ),
    ),
    el("p", {}, S.payer.minutes(time.minutes, time.supports.map((band) => band.code).join(", "))),
    el("p", { class: "hint" }, time.remark, " ", time.source),
  ];
}
