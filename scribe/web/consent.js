/* Where everybody's consent stands: how and when it was given, what was said of it, and taking it back.

   Who lacks consent can give it here; a consent that was spoken shows the words it rests on, and words by which
   somebody may have refused stand above all. */

import { agreements } from "./agreement.js";
import { api } from "./api.js";
import { confirm } from "./dialog.js";
import { button, el } from "./dom.js";
import { moment, position } from "./format.js";
import { refuse, say } from "./messages.js";
import { S } from "./strings.js";

/** Sessions that may still be heard: consent can be completed. */
const OPEN = new Set(["awaiting_consent", "ready", "recording", "paused", "interrupted", "interrupted_paused"]);

/** `changed(gone)` is called after every change, `gone` where the session was destroyed with it; `reading(utterance)` goes to a line, where there is a transcript. */
export function consentPanel(session, { changed, reading = null }) {
  const doubted = session.consent_doubt.length > 0;
  const lacking = session.participants.filter((person) => session.missing_consent[person.id]);
  const mayChange = session.rights.includes("consent") && session.state !== "revoked";
  const open = doubted || lacking.length > 0;
  return el(
    "details",
    { class: doubted ? "consents ask" : "consents", key: `consents:${open}`, open },
    el(
      "summary",
      { key: "consents-summary" },
      S.consent.title,
      " ",
      el("span", { class: "hint" }, summary(session, lacking)),
    ),
    el(
      "ul",
      {},
      session.consent.map((standing) => row(session, standing, { changed, reading, mayChange })),
    ),
    mayChange && OPEN.has(session.state) && lacking.length > 0 && completion(session, lacking, changed),
  );
}

function summary(session, lacking) {
  if (session.consent_doubt.length) return S.consent.doubted;
  return lacking.length ? S.consent.lacking(lacking.length) : S.consent.complete;
}

function nameOf(session, participant) {
  const person = session.participants.find((one) => one.id === participant);
  return person?.label || S.roles[person?.role] || participant;
}

function row(session, { participant_id: id, standing, warnings, laws }, { changed, reading, mayChange }) {
  const who = nameOf(session, id);
  const given = session.consents.filter((consent) => consent.participant_id === id).at(-1);
  const missing = session.missing_consent[id];
  const call = doing(changed);
  const revoke = async (purge) => {
    const lines = purge ? [S.consent.revokeLead, S.consent.purgeLead] : [S.consent.revokeLead, S.consent.keepLead];
    const asked = { title: S.consent.revokeTitle(who), lines, yes: S.consent.revokeYes };
    if (await confirm({ ...asked, tick: purge ? S.consent.purgeTick : null }))
      await call(() => api.revoke(session.id, id, purge), S.consent.revokedDone, purge && session.state !== "signed");
  };
  return el(
    "li",
    { class: `consent ${standing}` },
    el("p", { class: "who" }, el("strong", {}, who), " ", S.consent.standings[standing]),
    missing && standing === "too_narrow" && el("p", {}, S.consent.missing(who, named(missing))),
    given && el("p", { class: "hint" }, how(given)),
    warnings.map((warning) => el("p", { class: "hint" }, warning)),
    laws.map((law) => el("p", { class: "hint" }, law)),
    given?.doubt && spoken(S.consent.mayHaveRefused, given.doubt, reading),
    given?.evidence && spoken(S.consent.spokenYes(given.evidence.confirmed), given.evidence, reading),
    mayChange &&
      given?.evidence &&
      el(
        "div",
        { class: "actions" },
        !given.evidence.confirmed &&
          button(
            S.consent.confirm,
            () => call(() => api.chooseEvidence(session.id, id, given.evidence.utterance_ids[0]), S.consent.confirmed),
            { class: "small" },
          ),
        button(S.consent.notThis, () => call(() => api.removeEvidence(session.id, id), S.consent.removed), {
          class: "quiet",
        }),
      ),
    mayChange &&
      given &&
      !given.revoked_at &&
      el(
        "div",
        { class: "actions" },
        button(S.consent.revoke, () => revoke(false), {
          class: "quiet",
          "aria-label": S.consent.revokeOf(who),
        }),
        button(S.consent.revokePurge, () => revoke(true), {
          class: "quiet",
          "aria-label": S.consent.revokePurgeOf(who),
        }),
      ),
  );
}

function spoken(label, words, reading) {
  const at = position(words.start);
  const [line] = words.utterance_ids;
  return el(
    "p",
    { class: "spoken-words" },
    label,
    " ",
    el("q", {}, words.text),
    " ",
    reading ? button(at, () => reading(line), { class: "quiet", "aria-label": S.consent.at(at) }) : at,
  );
}

function how({ method, given_at: at, statement_version: version, signed_name: name, given_by: guardian, revoked_at: revoked }) {
  return [
    S.consent.methods[method],
    moment(at),
    S.agreement.version(version),
    name && S.consent.signedBy(name),
    guardian && S.consent.givenBy(guardian.label || guardian.relationship),
    revoked && S.consent.revokedAt(moment(revoked)),
  ]
    .filter(Boolean)
    .join(" · ");
}

function named(scopes) {
  return Object.keys(S.consent.scopes)
    .filter((scope) => scopes.includes(scope))
    .map((scope) => S.consent.scopes[scope])
    .join(", ");
}

/** A button that opens the statement and the agreement of everybody who has not given theirs. */
function completion(session, lacking, changed) {
  const place = el("div", { class: "form" });
  const open = async () => {
    try {
      place.replaceChildren(...form(session, lacking, await api.statement(), changed));
      place.querySelector("select, input").focus();
    } catch (error) {
      refuse(error);
    }
  };
  place.append(el("div", { class: "actions" }, button(S.consent.give, open, { class: "primary" })));
  return place;
}

function form(session, lacking, statement, changed) {
  const given = agreements(statement);
  const said = el("p", { class: "refusal", role: "alert" });
  given.draw(lacking);
  const submit = async () => {
    const fault = given.fault(lacking);
    said.textContent = fault?.text ?? "";
    if (fault) return fault.field?.focus();
    const add = async () => {
      for (const consent of given.all(lacking)) await api.consent(session.id, consent);
    };
    await doing(changed)(add, S.consent.given);
  };
  return [given.node, said, el("div", { class: "actions" }, button(S.consent.submit, submit, { class: "primary" }))];
}

function doing(changed) {
  return async (call, done, gone = false) => {
    try {
      await call();
    } catch (error) {
      refuse(error);
      return;
    }
    await changed(gone);
    say(done);
  };
}
