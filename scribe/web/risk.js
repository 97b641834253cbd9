/* Risk statements, first in the note: verbatim, with the question that was asked; never scored. */

import { cite, quotes } from "./statement.js";
import { el } from "./dom.js";
import { S } from "./strings.js";

export function riskBlock(review) {
  return el(
    "section",
    { class: "risk", "aria-labelledby": "risk-title" },
    el("h2", { id: "risk-title" }, S.risk.title),
    el("p", { class: "hint" }, S.risk.lead),
    el(
      "ul",
      { class: "statements" },
      review.note.risk.map((risk, number) => riskItem(review, risk, `risk:${number}`)),
    ),
  );
}

function riskItem(review, risk, id) {
  const evidence = [...(risk.question ? [risk.question] : []), ...risk.evidence];
  const item = el(
    "li",
    { class: "statement", "data-statement": id },
    el(
      "dl",
      {},
      el("dt", {}, S.risk.asked),
      risk.question
        ? el("dd", {}, el("q", {}, risk.question.quote))
        : el("dd", { class: "none" }, S.risk.unasked),
      el("dt", {}, S.roles[risk.role]),
      el(
        "dd",
        { class: "said-so" },
        el("q", {}, risk.quote),
        " ",
        el("span", { class: "polarity" }, S.risk.polarity[risk.polarity]),
        " ",
        cite(review, id, evidence),
      ),
    ),
    quotes(review, id, evidence),
  );
  review.highlight.statement(id, item);
  return item;
}
