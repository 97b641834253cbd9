/* A session's stream: sound and control messages go out, the server's messages come in, and a cut connection is
   taken up again by itself, with back-off. What is on its way is kept until its words are stored (see `kept`). */

import { Refused, ScribeError, Unreachable } from "./errors.js";
import { Kept } from "./kept.js";

const SUBPROTOCOL = "scribe.v1";
const SAMPLE_BYTES = { pcm_s16le: 2, pcm_f32le: 4, mulaw: 1, alaw: 1 };
/** Largest frame sent; the server takes 64 KiB. */
const FRAME_BYTES = 16_000;
/** Sound waits here, not in the socket's own queue, which a cut empties unseen. */
const SOCKET_BYTES = 256 * 1024;
const LOOK_AGAIN_MS = 20;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;
/** The server says how it keeps up every five seconds, whatever it does: after so long without a word it is gone. */
const SILENCE_MS = 30_000;
/** Close codes after which the same start may succeed. 4409: our own cut socket may not have been noticed yet. */
const WORTH_RETRYING = new Set([1001, 1005, 1006, 1011, 1012, 1013, 4408, 4409]);
const NOT_SIGNED_IN = 4401;

export class SessionStream {
  #client;
  #session;
  #options;
  #kept;
  #socket = null;
  #ready = false;
  #opened = false;
  #over = false;
  #failure = null;
  #error = null;
  #windowSeconds = 30;
  #wait = FIRST_WAIT_MS;
  #cutSince = performance.now();
  #refreshed = false;
  #timers = { again: 0, silence: 0, flush: 0 };
  #listeners = new Map();
  #messages = [];
  #receipt = null;
  #waiting = [];

  /** Made by `ScribeClient.stream`. */
  constructor(client, session, options) {
    const width = SAMPLE_BYTES[options.encoding];
    if (!width) {
      throw new Refused(
        "bad_request",
        0,
        `This client streams ${Object.keys(SAMPLE_BYTES).join(", ")}, not ${options.encoding}; decode it first, ` +
          "or upload it as a recording (POST /v1/sessions/{id}/audio).",
      );
    }
    this.#client = client;
    this.#session = session;
    this.#options = options;
    this.#kept = new Kept(options.sampleRate, width * options.channels);
    this.#opened = options.resume;
    this.reconnects = 0;
    this.#connect();
  }

  /** Sound that is kept because its words are not stored yet. */
  get unacknowledgedSeconds() {
    return this.#kept.seconds;
  }

  /** Sound in the declared encoding, whole samples of every channel; waits while too much is unacknowledged. */
  async send(audio) {
    const bytes = ArrayBuffer.isView(audio)
      ? new Uint8Array(audio.buffer, audio.byteOffset, audio.byteLength)
      : new Uint8Array(audio);
    const { frameBytes } = this.#kept;
    if (bytes.length % frameBytes) {
      throw new Refused("bad_request", 0, `Send whole samples of every channel, ${frameBytes} bytes each.`);
    }
    const step = FRAME_BYTES - (FRAME_BYTES % frameBytes);
    for (let begin = 0; begin < bytes.length; begin += step) {
      await this.#until(() => this.#over || this.#kept.seconds < this.#windowSeconds);
      this.#refuseIfOver();
      this.#kept.audio(bytes.slice(begin, begin + step));
      this.#flush();
    }
  }

  /** Off the record. */
  pause() {
    this.#control({ type: "pause" });
  }

  /** On the record again. */
  resume() {
    this.#control({ type: "resume" });
  }

  /** A place to find again. */
  mark(label = "") {
    this.#control({ type: "mark", label });
  }

  /** What is to become of a fact in the draft: `pinned`, `discarded` or `found`. */
  choose(id, status) {
    this.#control({ type: "fact", id, status });
  }

  /** The session is over; resolves to the receipt once the server has said so. */
  stop() {
    this.#control({ type: "stop" });
    return this.ended();
  }

  /** The receipt, once the session has ended; throws what ended the stream before that. */
  async ended() {
    await this.#until(() => this.#over);
    if (this.#failure) throw this.#failure;
    return this.#receipt;
  }

  /** Leave without ending the session: it can be resumed until it is ended. */
  close() {
    this.#finish(new Refused("closed", 0, "The stream was closed by this client; open it again with resume."));
  }

  /** Call `listener` for each message of this type, or for all with `*`; returns what takes it off again. */
  on(type, listener) {
    if (!this.#listeners.has(type)) this.#listeners.set(type, new Set());
    this.#listeners.get(type).add(listener);
    return () => this.#listeners.get(type).delete(listener);
  }

  /** Every message until `ended`, also those of before the loop; throws what ended the stream. */
  async *[Symbol.asyncIterator]() {
    while (true) {
      await this.#until(() => this.#over || this.#messages.length > 0);
      if (!this.#messages.length) break;
      yield this.#messages.shift();
    }
    if (this.#failure) throw this.#failure;
  }

  #control(message) {
    this.#refuseIfOver();
    this.#kept.control(message);
    this.#flush();
  }

  #refuseIfOver() {
    if (this.#over) throw this.#failure ?? new Refused("ended", 409, "The session has ended; it takes no more.");
  }

  #flush() {
    clearTimeout(this.#timers.flush);
    while (this.#ready && this.#socket.readyState === 1) {
      if (this.#socket.bufferedAmount > SOCKET_BYTES) {
        this.#timers.flush = setTimeout(() => this.#flush(), LOOK_AGAIN_MS);
        return;
      }
      const payload = this.#kept.next();
      if (payload === undefined) return;
      this.#socket.send(payload);
    }
  }

  // --- connections -------------------------------------------------------------------------------------

  #connect() {
    if (this.#over) return;
    const access = this.#session.stream;
    const url = `ws${this.#client.url.slice("http".length)}${access.url}`;
    const socket = new this.#client.WebSocket(url, [SUBPROTOCOL, `token.${access.token}`]);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    // A socket that never opens closes by itself, late; this one is given up before.
    this.#listen();
    socket.addEventListener("open", () => this.#socket === socket && socket.send(JSON.stringify(this.#start())));
    socket.addEventListener("message", ({ data }) => this.#socket === socket && this.#hear(JSON.parse(data)));
    // In browsers `close` follows; where Node 20 reaches nobody it does not.
    socket.addEventListener("error", () => this.#socket === socket && this.#closed(1006, "the connection failed"));
    socket.addEventListener("close", ({ code, reason }) => this.#socket === socket && this.#closed(code, reason));
  }

  #listen() {
    clearTimeout(this.#timers.silence);
    const socket = this.#socket;
    this.#timers.silence = setTimeout(() => {
      this.#closed(1006, "the server was silent");
      socket.close();
    }, SILENCE_MS);
  }

  #start() {
    const { encoding, sampleRate, channels, facts } = this.#options;
    return { type: "start", encoding, sample_rate: sampleRate, channels, resume: this.#opened, facts };
  }

  #hear(message) {
    this.#listen();
    if (message.type === "ready") this.#goOn(message);
    else if (message.type === "ack") this.#kept.forget(message.committed);
    else if (message.type === "error") this.#error = message;
    this.#tell(message);
    if (message.type === "ended") {
      this.#receipt = message.receipt;
      this.#finish(null);
    } else this.#wake();
  }

  #tell(message) {
    if (!this.#listeners.size) this.#messages.push(message);
    for (const type of [message.type, "*"]) for (const listener of this.#listeners.get(type) ?? []) listener(message);
  }

  #goOn(ready) {
    this.#opened = this.#ready = true;
    this.#wait = FIRST_WAIT_MS;
    this.#cutSince = null;
    this.#refreshed = false;
    this.#error = null;
    this.#windowSeconds = Math.max(1, ready.max_unacked_seconds);
    this.#kept.replay(ready.resume_from);
    this.#flush();
  }

  #closed(code, reason) {
    this.#ready = false;
    this.#socket = null;
    clearTimeout(this.#timers.silence);
    if (this.#over) return;
    this.#cutSince ??= performance.now();
    if (code === NOT_SIGNED_IN && !this.#refreshed) this.#refresh();
    else if (WORTH_RETRYING.has(code)) this.#again(reason || `close code ${code}`);
    else this.#finish(new Refused(this.#error?.code ?? "closed", code, this.#error?.detail ?? reason));
  }

  /** The stream's token has run out: ask for a fresh one with the client's own. */
  async #refresh() {
    this.#refreshed = true;
    try {
      this.#session = await this.#client.session(this.#session.id);
    } catch (error) {
      if (error instanceof Unreachable) {
        this.#refreshed = false;
        this.#again("the server did not answer");
      } else this.#finish(error);
      return;
    }
    if (this.#session.stream) this.#connect();
    else this.#finish(new Refused("wrong_state", 409, `The session is ${this.#session.state}; it has no stream.`));
  }

  #again(reason) {
    const cutMs = performance.now() - this.#cutSince;
    if (cutMs > this.#options.patienceMs) {
      const seconds = Math.round(cutMs / 1000);
      this.#finish(
        new Unreachable(
          `The server could not be reached again within ${seconds} seconds (${reason}); what it acknowledged is ` +
            "safe there.",
        ),
      );
      return;
    }
    this.reconnects += 1;
    // Jitter keeps the clients of one server from coming back all at once.
    this.#timers.again = setTimeout(() => this.#connect(), this.#wait * (0.5 + Math.random() / 2));
    this.#wait = Math.min(LONGEST_WAIT_MS, 2 * this.#wait);
  }

  #finish(error) {
    if (this.#over) return;
    this.#over = true;
    this.#failure = error instanceof Error && !(error instanceof ScribeError) ? new Unreachable(String(error)) : error;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#ready = false;
    this.#socket?.close(1000);
    this.#socket = null;
    this.#kept.discard();
    this.#wake();
  }

  #until(holds) {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ holds, resolve }));
  }

  #wake() {
    const woken = this.#waiting.filter(({ holds }) => holds());
    this.#waiting = this.#waiting.filter((one) => !woken.includes(one));
    for (const { resolve } of woken) resolve();
  }
}
