/* The plain page for whoever has no cookie: how to sign in, and a field for the token. */

import { api } from "./api.js";
import { button, el, field } from "./dom.js";
import { byOrganisation, signInAddress } from "./me.js";
import { S } from "./strings.js";

/** `entered` is called once the cookie is there; `error` says why a link did not work. */
export function signInView({ error, entered }) {
  if (byOrganisation()) return organisationView(error);
  const token = el("input", { type: "password", autocomplete: "off", spellcheck: "false", required: true });
  const said = el("p", { class: "refusal", role: "alert" }, error?.message ?? "");
  const submit = el("button", { type: "submit", class: "primary" }, S.signIn.submit);

  async function signIn(event) {
    event.preventDefault();
    const given = fromPasted(token.value);
    if (!given) {
      said.textContent = S.signIn.empty;
      token.focus();
      return;
    }
    submit.disabled = true;
    try {
      await api.signIn(given);
      await entered();
    } catch (refusal) {
      said.textContent = refusal.message;
      submit.disabled = false;
      token.focus();
    }
  }

  return el(
    "div",
    { class: "narrow" },
    el("h1", { tabindex: "-1" }, S.signIn.title),
    el("p", { class: "lead" }, S.signIn.lead),
    el("p", {}, S.signIn.how, " ", el("code", {}, S.signIn.command), " ", S.signIn.then),
    el(
      "form",
      { class: "sheet form", novalidate: true, onsubmit: signIn },
      field(S.signIn.token, token),
      said,
      submit,
    ),
  );
}

function organisationView(error) {
  return el(
    "div",
    { class: "narrow" },
    el("h1", { tabindex: "-1" }, S.signIn.title),
    el("p", { class: "lead" }, S.signIn.organisationLead),
    el("p", { class: "refusal", role: "alert" }, error?.message ?? ""),
    el("p", {}, button(S.signIn.organisation, () => location.assign(signInAddress), { class: "primary" })),
  );
}

/** The token alone, where the whole link was pasted. */
function fromPasted(text) {
  const trimmed = text.trim();
  const link = /#token=(.+)$/.exec(trimmed);
  return link ? link[1] : trimmed;
}
