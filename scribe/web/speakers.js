/* Who is who: each voice with the participant it is taken for, how sure that is, and the clinician's word on it. */

import { api } from "./api.js";
import { mayReplace } from "./draft.js";
import { el } from "./dom.js";
import { position } from "./format.js";
import { S } from "./strings.js";

const CERTAIN = 1;

export function speakersPanel(review) {
  const { session, transcript } = review;
  const voices = [...new Set(transcript.utterances.map((line) => line.speaker))].sort();
  const settled = voices.every((voice) => sure(session, voice));
  const choices = new Map(voices.map((voice) => [voice, choice(session, voice)]));
  const submit = async (event) => {
    event.preventDefault();
    const given = [...choices]
      .filter(([, select]) => select.value)
      .map(([voice, select]) => [voice, select.value]);
    if (!(await mayReplace(review, S.speakers.loseTitle, S.speakers.submit))) return;
    await review.change(async () => void (await api.assign(review.id, Object.fromEntries(given))), {
      doing: S.speakers.saving,
      done: review.note ? S.speakers.doneDrafted : S.speakers.done,
      focus: "speakers-summary",
    });
  };
  const changeable = review.changeable && session.state !== "revoked";
  return el(
    "details",
    { class: settled ? "speakers" : "speakers ask", key: `speakers:${settled}`, open: !settled },
    el(
      "summary",
      { key: "speakers-summary" },
      S.speakers.title,
      " ",
      el("span", { class: "hint" }, summary(session, voices)),
    ),
    !settled && changeable && el("p", {}, S.speakers.ask),
    el(
      "form",
      { onsubmit: submit },
      voices.map((voice) => voiceRow(review, voice, choices.get(voice), changeable)),
      changeable && el("button", { type: "submit", class: settled ? "" : "primary" }, S.speakers.submit),
    ),
  );
}

function voiceRow(review, voice, select, changeable) {
  const { session, transcript } = review;
  const assignment = session.speakers[voice];
  const first = transcript.utterances.find((line) => line.speaker === voice);
  const id = `voice-${voice}`;
  select.id = id;
  select.disabled = !changeable;
  return el(
    "div",
    { class: "voice" },
    el("label", { for: id }, S.speakers.voice(voice.replace("SPEAKER_", ""))),
    select,
    el("p", { class: "hint" }, how(assignment, review)),
    el("p", { class: "sample" }, position(first.start), " ", el("q", {}, first.text)),
  );
}

function choice(session, voice) {
  const chosen = session.speakers[voice]?.participant_id;
  const people = session.participants.map((person) =>
    el("option", { value: person.id, selected: person.id === chosen }, nameWithRole(person)),
  );
  const nobody = !chosen && el("option", { value: "", selected: true }, S.speakers.nobody);
  return el("select", { key: `voice:${voice}` }, nobody, people);
}

function nameWithRole(person) {
  return person.label ? `${person.label} (${S.roles[person.role]})` : S.roles[person.role];
}

function how(assignment, review) {
  if (!assignment) return S.speakers.nobody;
  if (assignment.confirmed) return S.speakers.confirmed;
  if (assignment.confidence >= CERTAIN && review.note?.provenance.speakers === "channels")
    return S.speakers.channel;
  const { participants } = review.session;
  const { role } = participants.find((person) => person.id === assignment.participant_id);
  // Two clients sound alike in what they say: the role is known, the person is not.
  if (participants.filter((person) => person.role === role).length > 1) return S.speakers.which(S.roles[role]);
  return S.speakers.sure(Math.round(assignment.confidence * 100));
}

/** The server says which of its guesses somebody has to confirm; a voice that is nobody yet is one as well. */
function sure(session, voice) {
  return Boolean(session.speakers[voice]) && !session.unsure_speakers.includes(voice);
}

function summary(session, voices) {
  const names = voices.map((voice) =>
    session.participants.find((p) => p.id === session.speakers[voice]?.participant_id),
  );
  return names
    .map((person) => (person ? person.label || S.roles[person.role] : S.speakers.nobody))
    .join(", ");
}
