/* What was added to a signed note, and adding to it; the original stays as it was signed. */

import { api } from "./api.js";
import { el, field } from "./dom.js";
import { moment } from "./format.js";
import { S } from "./strings.js";

export function addenda(review) {
  const { signed } = review;
  return el(
    "section",
    { class: "addenda", "aria-labelledby": "addenda-title" },
    el("h2", { id: "addenda-title", tabindex: "-1", key: "addenda-title" }, S.addenda.title),
    signed.addenda.length
      ? el("ol", {}, signed.addenda.map(addendum))
      : el("p", { class: "silence" }, S.addenda.none),
    review.may("sign") && form(review),
  );
}

function addendum({ kind, text, author, credentials, at, sha256 }) {
  return el(
    "li",
    {},
    el("h3", {}, S.addenda.kinds[kind]),
    el("p", { class: "text" }, text),
    el("p", { class: "facts" }, `${author}, ${credentials} · ${moment(at)}`),
    el("dl", { class: "hashes" }, el("dt", {}, S.addenda.hash), el("dd", {}, sha256)),
  );
}

function form(review) {
  const { signature, addenda: before } = review.signed;
  // A new form after each addition: the keys count them.
  const key = (name) => `addendum-${name}:${before.length}`;
  const kinds = Object.entries(S.addenda.kinds).map(([value, title]) =>
    el(
      "label",
      {},
      el("input", { type: "radio", name: "kind", key: key(value), value, checked: value === "addendum" }),
      el("span", {}, title, el("small", {}, S.addenda.kindHints[value])),
    ),
  );
  const text = el("textarea", { rows: 4, key: key("text"), required: true, maxlength: 20000 });
  const name = el("input", {
    type: "text",
    key: key("name"),
    value: signature.name,
    autocomplete: "name",
    maxlength: 120,
  });
  const credentials = el("input", {
    type: "text",
    key: key("credentials"),
    value: signature.credentials,
    autocomplete: "honorific-suffix",
    maxlength: 120,
  });
  const said = el("p", { class: "refusal", role: "alert" });

  async function add(event) {
    event.preventDefault();
    const lacking = [
      [text, S.addenda.text],
      [name, S.sign.name],
      [credentials, S.sign.credentials],
    ].find(([input]) => !input.value.trim());
    if (lacking) {
      said.textContent = S.sign.missing(lacking[1]);
      lacking[0].focus();
      return;
    }
    const kind = node.querySelector("input[name=kind]:checked").value;
    const request = {
      kind,
      text: text.value.trim(),
      author: name.value.trim(),
      credentials: credentials.value.trim(),
    };
    const refused = (error) => (said.textContent = error.message);
    await review.change(() => api.addendum(review.id, request), {
      done: S.addenda.done,
      focus: "addenda-title",
      refused,
    });
  }

  const node = el(
    "form",
    { class: "form", novalidate: true, onsubmit: add },
    el("fieldset", { class: "choice tall" }, el("legend", {}, S.addenda.kind), el("div", {}, kinds)),
    field(S.addenda.text, text),
    el("div", { class: "pair" }, field(S.sign.name, name), field(S.sign.credentials, credentials)),
    said,
    el("button", { type: "submit", class: "primary" }, S.addenda.submit),
  );
  return el("details", { key: `addendum-open:${before.length}` }, el("summary", {}, S.addenda.open), node);
}
