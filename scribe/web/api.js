/* The server's REST calls, as wire.py has them: plain objects in and out, `Problem` where it said no.

   The cookie of the sign-in goes with every call by itself; no token is kept here. */

import { S } from "./strings.js";

/** The server's refusal; `message` is its own sentence, `code` is stable, `status` 0 where nobody answered. */
export class Problem extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Set by `main`: what happens when the cookie is missing or has expired. */
let signedOut = () => {};

export function onSignedOut(listener) {
  signedOut = listener;
}

const session = (id) => `/v1/sessions/${encodeURIComponent(id)}`;
const note = (id) => `${session(id)}/note`;

export const api = {
  readiness: () => call("GET", "/readyz", undefined, { accept: [503] }),
  me: () => call("GET", "/v1/me"),
  signOut: () => call("POST", "/v1/sign-out"),
  signIn: (token) => call("POST", "/v1/sign-in", { token }, { own401: true }),

  templates: () => call("GET", "/v1/templates"),
  statement: async () => (await call("GET", "/v1/consent-statements")).statements.at(-1),
  consent: (id, consent) => call("POST", `${session(id)}/consents`, consent),
  revoke: (id, participant, purge) =>
    call("DELETE", `${session(id)}/consents/${encodeURIComponent(participant)}?purge=${purge}`),
  chooseEvidence: (id, participant, line) =>
    call("PUT", `${session(id)}/consents/${encodeURIComponent(participant)}/evidence`, { utterance_id: line }),
  removeEvidence: (id, participant) =>
    call("DELETE", `${session(id)}/consents/${encodeURIComponent(participant)}/evidence`),
  processNote: (id) => call("GET", `${session(id)}/process-note`),
  writeProcessNote: (id, text) => call("PUT", `${session(id)}/process-note`, { text }),
  destroyProcessNote: (id) => call("DELETE", `${session(id)}/process-note`),
  facts: (id) => call("GET", `${session(id)}/facts`),
  create: (session) => call("POST", "/v1/sessions", session),
  sessions: () => call("GET", "/v1/sessions"),
  session: (id) => call("GET", session(id)),
  /** The session with a fresh stream token; who is signed out in mid-recording stays on the page. */
  recordable: (id) => call("GET", session(id), undefined, { own401: true }),
  shred: (id) => call("DELETE", session(id)),
  end: (id) => call("POST", `${session(id)}/end`),
  receipt: (id) => call("GET", `${session(id)}/receipt`),

  transcript: (id) => call("GET", `${session(id)}/transcript`),
  correct: (id, line, text) =>
    call("PATCH", `${session(id)}/transcript/${encodeURIComponent(line)}`, { text }),
  rename: (id, participant, names) =>
    call("PATCH", `${session(id)}/participants/${encodeURIComponent(participant)}`, names),
  assign: (id, speakers) => call("PATCH", `${session(id)}/speakers`, { speakers }),

  note: (id) => call("GET", note(id)),
  checklist: (id) => call("GET", `${note(id)}/checklist`),
  draft: (id, request) => call("POST", note(id), request),
  edit: (id, statement, text) =>
    call("PATCH", `${note(id)}/statements/${encodeURIComponent(statement)}`, { text }),
  remove: (id, statement) =>
    call("PATCH", `${note(id)}/statements/${encodeURIComponent(statement)}`, { remove: true }),
  undo: (id) => call("POST", `${note(id)}/undo`),
  write: (id, code, text) =>
    call("POST", `${note(id)}/sections/${encodeURIComponent(code)}/statements`, { text }),
  redraft: (id, code) => call("POST", `${note(id)}/sections/${encodeURIComponent(code)}/redraft`),
  resolve: (id, finding, resolution, reason = "") =>
    call("PATCH", `${note(id)}/findings/${encodeURIComponent(finding)}`, { resolution, reason }),
  sign: (id, request) => call("POST", `${note(id)}/sign`, request, { own401: true }),
  addendum: (id, request) => call("POST", `${note(id)}/addenda`, request),

  /** The note as a file: its name, as the server gives it, and its content. */
  async export(id, format, draft) {
    const query = new URLSearchParams({ format, draft: String(draft) });
    const response = await ask("GET", `${note(id)}/export?${query}`);
    if (response.status === 401) signedOut();
    if (!response.ok) throw await refusal(response);
    const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
    return { name: name ? name[1] : `note-${id}`, content: await response.blob() };
  },
};

/** `own401`: the call carries a token itself, so a refusal is about that token and not about the cookie. */
async function call(method, path, body = undefined, { accept = [], own401 = false } = {}) {
  const response = await ask(method, path, body);
  if (response.ok || accept.includes(response.status))
    return response.status === 204 ? null : response.json();
  if (response.status === 401 && !own401) signedOut();
  throw await refusal(response);
}

async function ask(method, path, body) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  try {
    return await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
    });
  } catch {
    throw new Problem(0, "unreachable", S.unreachable);
  }
}

async function refusal(response) {
  try {
    const problem = await response.json();
    return new Problem(response.status, problem.code, problem.detail);
  } catch {
    return new Problem(response.status, "http_error", S.unexpected(response.status));
  }
}
