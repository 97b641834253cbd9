/* The list of sessions, the newest first; each can be opened, its receipt read, and itself shredded. */

import { api } from "./api.js";
import { confirm } from "./dialog.js";
import { button, el, field } from "./dom.js";
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
    ...(sessions.length ? listed(sessions, shred) : [empty()]),
  );
}

/** The rows, and above them a field that leaves those that hold what is typed. */
function listed(sessions, shred) {
  const rows = sessions.map((session) => ({ session, node: row(session, shred) }));
  const count = el("p", { class: "lead", role: "status" }, S.sessions.count(sessions.length));
  const search = el("input", { type: "search", autocomplete: "off", oninput: narrow });

  function narrow() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const here = rows.filter(({ session }) => words.every((word) => written(session).includes(word)));
    for (const { session, node } of rows) node.hidden = !here.some((kept) => kept.session === session);
    count.textContent = S.sessions.count(here.length);
  }

  return [
    el("div", { class: "search" }, field(S.sessions.search, search, S.sessions.searchHint)),
    count,
    el(
      "ol",
      { class: "rows" },
      rows.map(({ node }) => node),
    ),
  ];
}

/** What of a session can be searched for: when, who, which note, how far it is. */
function written({ created_at: created, clients, template, state }) {
  const date = created.slice(0, 10);
  return [moment(created), date, ...clients, S.templates[template] ?? template, S.states[state]]
    .join(" ")
    .toLowerCase();
}

/** States in which nothing was heard yet: there is no receipt to read. */
const UNHEARD = new Set(["awaiting_consent", "ready"]);

const RECORDABLE = new Set(["ready", "recording", "paused", "interrupted", "interrupted_paused"]);

function row(session, shred) {
  const when = moment(session.created_at);
  const gone = session.state === "shredded";
  const title = [`${day(session.created_at)}, `, el("span", { class: "hour" }, clock(session.created_at))];
  const what = [
    ...session.clients,
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
      !gone && retained(session),
    ),
    el("p", { class: "state" }, S.states[session.state]),
    el(
      "div",
      { class: "tools" },
      receipt?.toggle,
      !gone &&
        session.rights.includes("shred") &&
        button(S.sessions.shred, () => shred(session), {
          class: "quiet",
          "aria-label": S.sessions.shredOf(when),
        }),
    ),
    receipt?.panel,
  );
}

/** How long the transcript of a signed session is still there. */
function retained({ transcript_until: until }) {
  if (!until) return null;
  const days = Math.ceil((Date.parse(until) - Date.now()) / 86_400_000);
  return el("p", { class: "hint" }, days > 0 ? S.sessions.retained(days) : S.sessions.transcriptGone);
}

/** Where a session is gone on with: recorded as long as it can be, reviewed afterwards. */
function addressOf({ id, state, rights }) {
  return RECORDABLE.has(state) && rights.includes("stream to") ? `#/session/${id}/record` : `#/session/${id}`;
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
