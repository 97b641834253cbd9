/* A session's stream, `scribe.v1`: sound and control messages go out, the server's messages come in, and a cut
   connection is taken up again by itself.

   What is on its way is kept until its words are stored (see `kept`), so a cut, or a server that was killed, loses
   nothing as long as this page stays open. */

import { api } from "./api.js";
import { Kept } from "./kept.js";

const SUBPROTOCOL = "scribe.v1";
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
/** The network is back, or the person is, perhaps from signing in: no reason to wait any longer. */
const AWAKE = ["online", "focus"];
/** Another stream of the session is open; just after a cut it may be our own, which the server has not missed yet. */
const BUSY = 4409;
const BUSY_MS = 5_000;
/** Close codes after which nothing is gained by coming back. */
const FINAL = new Set([1008, 4400, 4403, 4404, 4413, 4422]);
const NOT_SIGNED_IN = 4401;

export class SessionStream {
  #socket = null;
  #access = null;
  #asking = false;
  #ready = false;
  #over = false;
  #wait = FIRST_WAIT_MS;
  #timer = 0;
  #error = null;
  #busySince = 0;
  #opened = false;
  #stopped = false;

  /** `on` has `message(message)`, `state("connecting"|"live"|"cut"|"signed_out")` and `over(error or null)`. */
  constructor(sessionId, { rate, channels, on }) {
    this.id = sessionId;
    this.on = on;
    this.kept = new Kept(rate, channels);
  }

  open() {
    for (const event of AWAKE) window.addEventListener(event, this.#now);
    this.on.state("connecting");
    this.#connect();
  }

  /** Interleaved 16-bit samples, as they were heard. */
  audio(pcm) {
    if (!this.#over) this.#send(this.kept.audio(pcm));
  }

  pause() {
    this.#control({ type: "pause" });
  }

  resume() {
    this.#control({ type: "resume" });
  }

  mark(label) {
    this.#control({ type: "mark", label });
  }

  choose(id, status) {
    this.#control({ type: "fact", id, status });
  }

  /** The session is over; `over` is called when the server has said so. */
  stop() {
    this.#stopped = true;
    this.#control({ type: "stop" });
  }

  /** Leave without ending the session. */
  close() {
    this.#finish(null);
  }

  #control(message) {
    if (!this.#over) this.#send(this.kept.control(message));
  }

  #send(item) {
    if (this.#ready) this.#socket.send(item.payload);
  }

  async #connect() {
    if (this.#over || this.#socket || this.#asking) return;
    clearTimeout(this.#timer);
    const access = await this.#allowed();
    if (this.#over || !access) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${access.url}`, [
      SUBPROTOCOL,
      `token.${access.token}`,
    ]);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => socket.send(JSON.stringify(this.#start())));
    socket.addEventListener("message", (event) => this.#hear(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.#closed(event));
  }

  /** The stream's address and token; null where there is none now, and what follows is under way. */
  async #allowed() {
    if (this.#access) return this.#access;
    this.#asking = true;
    try {
      this.#access = (await api.recordable(this.id)).stream;
      if (!this.#access) this.#finish(this.#error);
    } catch (error) {
      // No answer is a cut, and who was signed out can sign in again; any other answer is final.
      if (error.status === 401) this.#again("signed_out");
      else if (error.status === 0 || error.status >= 500) this.#again();
      else this.#finish(error);
    } finally {
      this.#asking = false;
    }
    return this.#access;
  }

  #start() {
    const { rate, channels } = this.kept;
    return {
      type: "start",
      encoding: "pcm_s16le",
      sample_rate: rate,
      channels,
      resume: this.#opened,
      facts: true,
    };
  }

  #hear(message) {
    if (message.type === "ready") this.#goOn(message);
    else if (message.type === "ack") this.kept.forget(message.committed);
    else if (message.type === "error") this.#error = Object.assign(new Error(message.detail), message);
    this.on.message(message);
    if (message.type === "ended") this.#finish(null);
  }

  #goOn(ready) {
    this.#opened = true;
    this.#ready = true;
    this.#wait = FIRST_WAIT_MS;
    this.#busySince = 0;
    this.#error = null;
    for (const item of this.kept.from(ready.resume_from)) this.#socket.send(item.payload);
    this.on.state("live");
  }

  #closed({ code }) {
    this.#ready = false;
    this.#socket = null;
    if (this.#over) return;
    if (code !== BUSY) this.#busySince = 0;
    else this.#busySince ||= performance.now();
    const taken = code === BUSY && performance.now() - this.#busySince > BUSY_MS;
    if (FINAL.has(code) || taken) this.#finish(this.#error);
    else {
      if (code === NOT_SIGNED_IN) this.#access = null;
      this.#again();
    }
  }

  #again(state = "cut") {
    if (this.#over) return;
    this.on.state(state);
    // Jitter keeps the pages of one server from coming back all at once.
    this.#timer = setTimeout(() => this.#connect(), this.#wait * (0.5 + Math.random() / 2));
    this.#wait = Math.min(LONGEST_WAIT_MS, 2 * this.#wait);
  }

  #now = () => {
    this.#wait = FIRST_WAIT_MS;
    this.#connect();
  };

  #finish(error) {
    if (this.#over) return;
    this.#over = true;
    this.#ready = false;
    clearTimeout(this.#timer);
    for (const event of AWAKE) window.removeEventListener(event, this.#now);
    this.#socket?.close(1000);
    this.#socket = null;
    this.kept.discard();
    this.on.over(error, this.#stopped);
  }
}
