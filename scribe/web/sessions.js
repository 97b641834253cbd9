/* The list of sessions, the newest first; each can be opened, its receipt read, and itself shredded. */

import { api } from "./api.js";
import { confirm } from "./dialog.js";
import { button, el } from "./dom.js";
import { clock, day, length, moment } from "./format.js";
import { refuse, say } from "./messages.js";
import { receiptOf } from "./receipt.js";
import { startLink } from "./start.js";
import { S } from "./strings.js";

export async function sessionsView() {
  const node = el("div", { class: "sessions" });
  await fill(node);
  return { node, title: S.sessions.title };
}

async function fill(node) {
  const { sessions } = await api.sessions();
  const shred = async (session) => {
    if (!(await agreed(session))) return;
    try {
      await api.shred(session.id);
      await fill(node);
      say(S.shred.done);
      node.querySelector("h1").focus();
    } catch (error) {
      refuse(error);
    }
  };
  node.replaceChildren(
    el("div", { class: "heading" }, el("h1", { tabindex: "-1" }, S.sessions.title), startLink()),
    sessions.length ? el("p", { class: "lead" }, S.sessions.count(sessions.length)) : "",
    sessions.length
      ? el(
          "ol",
          { class: "rows" },
          sessions.map((session) => row(session, shred)),
        )
      : empty(),
  );
}

/** States in which nothing was heard yet: there is no receipt to read. */
const UNHEARD = new Set(["awaiting_consent", "ready"]);

const RECORDABLE = new Set(["ready", "recording", "paused", "interrupted", "interrupted_paused"]);

function row(session, shred) {
  const when = moment(session.created_at);
  const gone = session.state === "shredded";
  const title = [`${day(session.created_at)}, `, el("span", { class: "hour" }, clock(session.created_at))];
  const what = [
    S.templates[session.template] ?? session.template,
    session.seconds ? length(session.seconds) : S.sessions.noAudio,
  ];
  const receipt = UNHEARD.has(session.state)
    ? null
    : receiptOf(session.id, S.sessions.receipt, S.sessions.receiptOf(when));
  return el(
    "li",
    { class: `row ${session.state}` },
    el(
      "div",
      { class: "what" },
      el("h2", {}, gone ? title : el("a", { href: addressOf(session) }, title)),
      el("p", {}, gone ? S.sessions.keyGone : what.join(" · ")),
    ),
    el("p", { class: "state" }, S.states[session.state]),
    el(
      "div",
      { class: "tools" },
      receipt?.toggle,
      !gone &&
        button(S.sessions.shred, () => shred(session), {
          class: "quiet",
          "aria-label": S.sessions.shredOf(when),
        }),
    ),
    receipt?.panel,
  );
}

/** Where a session is gone on with: recorded as long as it can be, reviewed afterwards. */
function addressOf({ id, state }) {
  return RECORDABLE.has(state) ? `#/session/${id}/record` : `#/session/${id}`;
}

function agreed(session) {
  const signed = session.state === "signed";
  return confirm({
    title: S.shred.title,
    lines: [S.shred.lead(moment(session.created_at)), S.shred.stays, ...(signed ? [S.shred.signed] : [])],
    tick: S.shred.understood,
    yes: S.shred.submit,
  });
}

function empty() {
  const way = (command, what) => [el("dt", {}, el("code", {}, command)), el("dd", {}, what)];
  return el(
    "section",
    { class: "empty sheet" },
    el("h2", {}, S.sessions.empty),
    el("p", {}, S.sessions.emptyLead),
    el(
      "dl",
      {},
      way(S.sessions.transcribe, S.sessions.transcribeWhat),
      way(S.sessions.demo, S.sessions.demoWhat),
    ),
  );
}
