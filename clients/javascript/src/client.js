/* The REST calls of one server, and the way to its streams. */

import { Refused, Unreachable } from "./errors.js";
import { SessionStream } from "./stream.js";

const TIMEOUT_MS = 60_000;

export class ScribeClient {
  #token;
  #timeoutMs;

  /**
   * `token` is the access token or API key, or a function that gives it (it is asked before each call, so it may
   * refresh it). `options.WebSocket` is a class for platforms that have none of their own.
   */
  constructor(url, token, { WebSocket = globalThis.WebSocket, timeoutMs = TIMEOUT_MS } = {}) {
    this.url = url.replace(/\/+$/, "");
    this.WebSocket = WebSocket;
    this.#token = typeof token === "function" ? token : () => token;
    this.#timeoutMs = timeoutMs;
  }

  ready = () => this.call("GET", "/readyz");
  createSession = (session) => this.call("POST", "/v1/sessions", { body: session });
  sessions = async () => (await this.call("GET", "/v1/sessions")).sessions;
  session = (id) => this.call("GET", at(id));
  shred = (id) => this.call("DELETE", at(id));
  addConsent = (id, consent) => this.call("POST", at(id, "consents"), { body: consent });
  revokeConsent = (id, participant, { purge = false } = {}) =>
    this.call("DELETE", at(id, "consents", participant), { query: { purge } });
  end = (id) => this.call("POST", at(id, "end"));
  transcript = (id) => this.call("GET", at(id, "transcript"));
  facts = async (id) => (await this.call("GET", at(id, "facts"))).facts;
  setFact = (id, fact, status) => this.call("PATCH", at(id, "facts", fact), { body: { status } });
  draft = (id, style = {}) => this.call("POST", at(id, "note"), { body: style });
  note = (id) => this.call("GET", at(id, "note"));
  changeStatement = (id, statement, change) =>
    this.call("PATCH", at(id, "note", "statements", statement), { body: change });
  resolveFinding = (id, finding, resolution, reason = "") =>
    this.call("PATCH", at(id, "note", "findings", finding), { body: { resolution, reason } });
  checklist = (id) => this.call("GET", at(id, "note", "checklist"));
  addAddendum = (id, addendum) => this.call("POST", at(id, "note", "addenda"), { body: addendum });
  receipt = (id) => this.call("GET", at(id, "receipt"));

  /** Sign with the attestation that the server asks for; the client's own token re-authenticates. */
  async sign(id, { name, credentials }) {
    const { attestation } = await this.note(id);
    const body = { name, credentials, attestation, token: await this.#token() };
    return this.call("POST", at(id, "note", "sign"), { body });
  }

  /** The note as a file, a Blob. */
  async export(id, format = "markdown", { draft = false, evidence = false } = {}) {
    const query = { format, draft, evidence };
    return (await this.#answer("GET", at(id, "note", "export"), { query })).blob();
  }

  /** The stream of a session; it connects at once, and reconnects for `patienceMs` after a cut. */
  stream(
    session,
    {
      encoding = "pcm_s16le",
      sampleRate = 16_000,
      channels = 1,
      resume = false,
      facts = false,
      patienceMs = 60_000,
    } = {},
  ) {
    if (!session.stream) {
      throw new Refused("no_stream", 409, `The session is ${session.state}; it has no stream to open.`);
    }
    if (!this.WebSocket) {
      throw new Refused(
        "no_websocket",
        0,
        "This platform has no WebSocket: use Node 22 or newer, node --experimental-websocket, or give " +
          "{ WebSocket } to ScribeClient.",
      );
    }
    return new SessionStream(this, session, { encoding, sampleRate, channels, resume, facts, patienceMs });
  }

  /** Any call of the contract; resolves to its JSON, or null where there is none. Throws Refused or Unreachable. */
  async call(method, path, options = {}) {
    const answer = await this.#answer(method, path, options);
    return answer.status === 204 ? null : answer.json();
  }

  async #answer(method, path, { body, query } = {}) {
    const headers = { Authorization: `Bearer ${await this.#token()}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(`${this.url}${path}${query ? `?${new URLSearchParams(query)}` : ""}`, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
    } catch (error) {
      throw new Unreachable(`No server answers at ${this.url} (${error.cause?.code ?? error.name}); is it running?`);
    }
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => ({}));
    throw new Refused(
      problem.code ?? "http_error",
      answer.status,
      problem.detail ?? `The server answered with HTTP status ${answer.status}.`,
    );
  }
}

function at(...parts) {
  return `/v1/sessions/${parts.map(encodeURIComponent).join("/")}`;
}
