/* Signing: name, credentials, the attestation in full, the access token anew; and what a signature looks like. */

import { api } from "./api.js";
import { button, el, field, goTo } from "./dom.js";
import { blockingOf } from "./finding.js";
import { moment } from "./format.js";
import { byOrganisation, confirmAddress, confirmed, readMe } from "./me.js";
import { S } from "./strings.js";

const LONGEST_NAME = 120;

export function signForm(review) {
  const blocking = blockingOf(review.note);
  return el(
    "section",
    { class: "sign", id: "sign", "aria-labelledby": "sign-title" },
    el("h2", { id: "sign-title" }, S.sign.title),
    el("p", {}, S.sign.lead),
    blocking.length > 0 && blocked(blocking),
    byOrganisation() && !confirmed() ? confirmation(review) : form(review, blocking.length > 0),
  );
}

function blocked(findings) {
  const jump = (finding) => (event) => {
    event.preventDefault();
    goTo(document.getElementById(`finding-${finding.id}`));
  };
  return el(
    "div",
    { class: "blocked", id: "sign-blocked" },
    el("p", {}, S.sign.blocked(findings.length)),
    el(
      "ul",
      {},
      findings.map((finding) =>
        el("li", {}, el("a", { href: "#sign", onclick: jump(finding) }, finding.detail)),
      ),
    ),
  );
}

/** In organisation mode a signature begins at the organisation's sign-in, which says anew who it is. */
function confirmation(review) {
  return el(
    "div",
    { class: "form" },
    el("p", {}, S.sign.confirmLead),
    el("p", {}, button(S.sign.confirm, () => location.assign(confirmAddress(review.id)), { class: "primary" })),
  );
}

function form(review, shut) {
  const text = (key, autocomplete) =>
    el("input", { type: "text", key: `sign-${key}`, autocomplete, maxlength: LONGEST_NAME, required: true });
  const name = text("name", "name");
  const credentials = text("credentials", "honorific-suffix");
  const token = el("input", { type: "password", key: "sign-token", autocomplete: "off", required: true });
  const tick = el("input", { type: "checkbox", key: "sign-attest", required: true });
  const said = el("p", { class: "refusal", role: "alert" });
  const submit = el(
    "button",
    { type: "submit", class: "primary", disabled: shut, "aria-describedby": shut ? "sign-blocked" : null },
    S.sign.submit,
  );
  const [before, command, after] = S.sign.tokenHint;

  async function sign(event) {
    event.preventDefault();
    const lacking = [
      [name, S.sign.name],
      [credentials, S.sign.credentials],
      ...(byOrganisation() ? [] : [[token, S.sign.token]]),
    ].find(([input]) => !input.value.trim());
    if (!tick.checked || lacking) {
      said.textContent = tick.checked ? S.sign.missing(lacking[1]) : S.sign.attest;
      (tick.checked ? lacking[0] : tick).focus();
      return;
    }
    const request = {
      name: name.value.trim(),
      credentials: credentials.value.trim(),
      attestation: review.view.attestation,
      ...(byOrganisation() ? {} : { token: token.value.trim() }),
    };
    const call = async () => {
      const answer = await api.sign(review.id, request);
      review.session = await api.session(review.id);
      return answer;
    };
    submit.disabled = true;
    const refused = async (error) => {
      said.textContent = error.message;
      if (error.code !== "not_confirmed") return;
      await readMe();
      review.draw("title");
    };
    const done = await review.change(call, { done: S.sign.done, focus: "title", refused });
    if (done) window.scrollTo(0, 0);
    else submit.disabled = shut;
  }

  return el(
    "form",
    { novalidate: true, class: "form", onsubmit: sign },
    el("label", { class: "tick attestation" }, tick, el("span", {}, review.view.attestation)),
    el(
      "div",
      { class: "pair" },
      field(S.sign.name, name),
      field(S.sign.credentials, credentials, S.sign.credentialsHint),
    ),
    !byOrganisation() && field(S.sign.token, token, [before, el("code", {}, command), after]),
    said,
    submit,
  );
}

export function signatureBlock(signed) {
  const { name, credentials, attestation, at } = signed.signature;
  return el(
    "section",
    { class: "signature", "aria-labelledby": "signature-title" },
    el("h2", { id: "signature-title" }, S.sign.title),
    el("p", {}, attestation),
    el("p", { class: "name" }, `${name}, ${credentials}`),
    el("p", { class: "facts" }, moment(at)),
    el("dl", { class: "hashes" }, el("dt", {}, S.sign.hash), el("dd", {}, signed.sha256)),
  );
}
