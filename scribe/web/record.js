/* One session while it is recorded: the microphone, the words as they come, the facts, and what is safe.

   The view owns the microphone and the stream; leaving the view lets go of both, and the session can be taken up
   again where it was. */

import { api } from "./api.js";
import { confirm } from "./dialog.js";
import { consentPanel } from "./consent.js";
import { button, el, field, refill } from "./dom.js";
import { length, position } from "./format.js";
import { LiveFacts } from "./live_facts.js";
import { refuse, say } from "./messages.js";
import { canShare, microphones, openMicrophone } from "./microphone.js";
import { Spoken } from "./spoken.js";
import { SessionStream } from "./stream.js";
import { S } from "./strings.js";

const METER_MS = 100;
const FALL = 0.7;
const ALIVE_MS = 5 * 60_000;
/** More than this waits: something is wrong, and the clinician should know what would be lost with this page. */
const MUCH_UNSAFE_SECONDS = 20;
/** What this page may hold in memory before it stops listening. */
const MOST_UNSAFE_SECONDS = 30 * 60;

/** Errors that do not end the stream; whatever ends it is told when it has ended. */
const TOLD = new Set(["fact_refused", "draft_failed", "store_failed", "consent_doubt"]);

const TO_REVIEW = new Set(["ended", "in_review", "signed", "revoked"]);

let current = null;

export async function recordView(sessionId) {
  const [session, transcript] = await Promise.all([api.session(sessionId), api.transcript(sessionId)]);
  current?.leave();
  if (TO_REVIEW.has(session.state) || !session.stream) {
    location.replace(`#/session/${sessionId}`);
    return { node: el("p", {}, S.loading), title: S.states[session.state] };
  }
  current = new Recording(session, transcript);
  return { node: current.node, title: S.record.title };
}

/** Whether sound would be lost if this page were left now. */
export function recording() {
  return Boolean(current?.running);
}

/** Let go of the microphone and the stream: another view is shown. */
export function leaveRecording() {
  current?.leave();
  current = null;
}

class Recording {
  running = false;
  #stream = null;
  #microphone = null;
  #paused = false;
  #ending = false;
  #state = "idle";
  #unheard = "";
  #waiting = false;
  #peaks = [];
  #timer = 0;
  #alive = 0;
  #health = new Map();

  constructor(session, transcript) {
    this.session = session;
    this.#paused = session.state === "paused" || session.state === "interrupted_paused";
    this.spoken = new Spoken((line) => this.#nameOf(line));
    for (const line of transcript.utterances) this.spoken.put(line);
    for (const mark of transcript.marks) this.spoken.moment(mark.kind, mark.at, mark.label);
    this.facts = new LiveFacts(
      (id, status) => this.#stream?.choose(id, status),
      (utterance) => this.spoken.timeOf(utterance),
    );
    this.#build();
    this.#offer();
  }

  leave() {
    this.running = false;
    clearInterval(this.#timer);
    clearInterval(this.#alive);
    this.#microphone?.close();
    this.#microphone = null;
    this.#stream?.close();
    this.#stream = null;
  }

  // --- what is on the page ---------------------------------------------------------------------------

  #build() {
    this.clock = el("output", { class: "clock", "aria-label": S.record.elapsed }, position(this.session.seconds));
    this.link = el("p", { class: "link", role: "status" });
    this.safe = el("p", { class: "safe" });
    this.hints = el("ul", { class: "hints", "aria-live": "polite" });
    this.meters = el("div", { class: "meters" });
    this.panel = el("div", { class: "panel" });
    this.consents = el("div", {});
    this.#drawConsents();
    this.node = el(
      "div",
      { class: "record", "data-session": this.session.id },
      el("p", { class: "back" }, el("a", { href: "#/" }, S.back)),
      el(
        "section",
        { class: "sheet deck", "aria-labelledby": "record-title" },
        el(
          "header",
          {},
          el("h1", { tabindex: "-1", id: "record-title" }, S.record.title),
          this.clock,
          this.link,
        ),
        this.panel,
        this.meters,
        this.safe,
        this.hints,
        this.consents,
      ),
      el(
        "div",
        { class: "sides" },
        el("section", { class: "sheet spoken-side", "aria-label": S.review.transcript }, this.spoken.node),
        this.facts.node,
      ),
    );
  }

  /** Before anything is heard: which microphone, and whether the other side comes from this computer too. */
  async #offer() {
    const device = el("select", { key: "device" });
    const shared = el("input", { type: "checkbox", key: "shared" });
    const said = el("p", { class: "refusal", role: "alert" });
    const resumed = this.session.seconds > 0;
    const begin = button(resumed ? S.record.goOn : S.record.begin, null, { class: "primary big" });
    begin.addEventListener("click", async () => {
      begin.disabled = true;
      said.textContent = "";
      try {
        await this.#begin(device.value, shared.checked);
      } catch (error) {
        said.textContent = error.message;
        begin.disabled = false;
      }
    });
    const second = this.session.participants.filter((person) => person.channel !== null).length === 2;
    this.panel.replaceChildren(
      el("p", { class: "lead" }, resumed ? S.record.goOnLead(length(this.session.seconds)) : S.record.lead),
      field(S.record.device, device),
      canShare() &&
        el(
          "label",
          { class: "tick" },
          shared,
          el("span", {}, S.record.shared, el("small", { class: "hint" }, S.record.sharedHint)),
        ),
      said,
      el("div", { class: "actions" }, begin),
    );
    shared.checked = second;
    const found = await microphones().catch(() => []);
    device.replaceChildren(
      el("option", { value: "" }, S.record.usual),
      ...found.map(({ id, name }) => el("option", { value: id }, name)),
    );
  }

  #drawConsents() {
    refill(this.consents, [consentPanel(this.session, { changed: (gone) => (gone ? this.#gone() : this.#readConsents()) })]);
  }

  /** Somebody may have refused, or consent was changed here; a stream that may not go on is ended by the server. */
  async #readConsents() {
    try {
      this.session = await api.recordable(this.session.id);
      this.#drawConsents();
    } catch (error) {
      refuse(error);
    }
  }

  #gone() {
    this.leave();
    location.hash = "#/";
  }

  #controls() {
    const pause = button(this.#paused ? S.record.resume : S.record.pause, () => this.#togglePause(), {
      class: this.#paused ? "primary big" : "big",
      "aria-pressed": String(this.#paused),
      key: "pause",
    });
    const mark = button(S.record.mark, () => this.#mark(), { key: "mark" });
    const stop = button(S.record.stop, () => this.#stop(), { class: "danger big", key: "stop" });
    this.panel.replaceChildren(
      this.#paused ? el("p", { class: "off" }, S.record.offRecord) : "",
      el("div", { class: "actions" }, pause, stop, mark),
    );
    this.node.classList.toggle("paused", this.#paused);
  }

  // --- the course of a recording ---------------------------------------------------------------------

  async #begin(device, shared) {
    this.#microphone = await openMicrophone({
      device,
      shared,
      heard: (pcm, peaks) => this.#heard(pcm, peaks),
      lost: (reason) => {
        refuse(new Error(reason));
        if (!this.#paused) this.#togglePause();
      },
    });
    const { rate, channels } = this.#microphone;
    this.#stream = new SessionStream(this.session.id, {
      rate,
      channels,
      on: {
        message: (message) => this.#hear(message),
        state: (state) => this.#linked(state),
        over: (error, stopped) => this.#over(error, stopped),
      },
    });
    this.running = true;
    this.#drawMeters(channels);
    this.#controls();
    this.panel.querySelector("button").focus();
    this.#timer = setInterval(() => this.#tick(), METER_MS);
    // Whoever records is not idle: the sign-in is kept alive.
    this.#alive = setInterval(() => api.recordable(this.session.id).catch(() => {}), ALIVE_MS);
    this.#stream.open();
  }

  #heard(pcm, peaks) {
    peaks.forEach((peak, channel) => (this.#peaks[channel] = Math.max(this.#peaks[channel] ?? 0, peak)));
    if (!this.running || this.#paused || this.#ending) {
      pcm.fill(0);
      return;
    }
    this.#stream.audio(pcm);
    if (this.#stream.kept.seconds > MOST_UNSAFE_SECONDS) {
      refuse(new Error(S.record.tooMuch));
      this.#togglePause();
    }
  }

  #togglePause() {
    this.#paused = !this.#paused;
    if (this.#paused) this.#stream.pause();
    else this.#stream.resume();
    this.#controls();
    this.panel.querySelector('[data-key="pause"]').focus();
    say(this.#paused ? S.record.paused : S.record.resumed);
  }

  #mark() {
    this.#stream.mark("");
    this.spoken.moment("mark", this.#stream.kept.position);
    say(S.record.marked);
  }

  async #stop() {
    const yes = await confirm({
      title: S.record.stopTitle,
      lines: [S.record.stopLead],
      yes: S.record.stop,
      danger: false,
    });
    if (!yes || !this.running) return;
    this.#ending = true;
    this.#microphone.close();
    this.#stream.stop();
    this.panel.replaceChildren(el("p", { class: "lead", role: "status" }, S.record.ending));
  }

  #over(error, stopped) {
    this.running = false;
    clearInterval(this.#timer);
    clearInterval(this.#alive);
    this.#microphone?.close();
    this.meters.replaceChildren();
    if (stopped && !error) {
      location.hash = `#/session/${this.session.id}`;
      return;
    }
    this.link.textContent = "";
    this.safe.textContent = "";
    this.panel.replaceChildren(
      el("p", { class: "refusal", role: "alert" }, error?.message ?? S.record.closed),
      el(
        "div",
        { class: "actions" },
        button(S.record.again, () => location.reload(), { class: "primary" }),
        el("a", { href: `#/session/${this.session.id}` }, S.record.toSession),
      ),
    );
  }

  // --- what comes back -------------------------------------------------------------------------------

  #hear(message) {
    switch (message.type) {
      case "ready":
        this.#ready(message);
        break;
      case "utterance":
        this.spoken.put(message);
        break;
      case "speaker_revision":
        this.spoken.revise(message.utterances);
        break;
      case "facts":
        this.facts.hear(message);
        break;
      case "gap":
        this.spoken.moment(message.reason === "off_the_record" ? "pause" : "gap", message.start);
        break;
      case "audio_health":
        this.#health.set(`${message.kind}:${message.channel}`, message);
        this.#hint();
        break;
      case "error":
        if (TOLD.has(message.code)) refuse(new Error(message.detail));
        if (message.code === "consent_doubt") this.#readConsents();
        break;
      case "status":
        this.#waiting = message.store === "waiting";
        break;
      default:
        break;
    }
  }

  #ready({ paused, notice }) {
    this.#unheard = notice;
    if (paused && !this.#paused && !this.#ending) {
      // It was off the record when it was cut, by this page's last life: only the person says when that ends.
      this.#paused = true;
      this.#controls();
    }
  }

  #linked(state) {
    this.#state = state;
    if (state !== "live") this.spoken.dropPartials();
    this.link.className = `link ${state}`;
    this.link.textContent = S.record.link[state];
    if (state === "live" && this.#unheard) this.link.append(` ${this.#unheard}`);
  }

  #hint() {
    this.hints.replaceChildren(
      ...[...this.#health.values()].map(({ kind, channel }) =>
        el("li", {}, S.record.health[kind] ?? kind, this.#peaks.length > 1 ? ` (${S.record.channel[channel]})` : ""),
      ),
    );
  }

  #tick() {
    const { kept } = this.#stream;
    this.clock.textContent = position(kept.position);
    const waiting = kept.seconds;
    const much = waiting > MUCH_UNSAFE_SECONDS;
    const unsafe = this.#waiting ? S.record.storeWaits : much ? S.record.unsafe : S.record.safe;
    this.safe.textContent = waiting < 1 ? S.record.allSafe : unsafe(length(waiting));
    this.safe.classList.toggle("much", waiting >= 1 && (much || this.#waiting));
    [...this.meters.children].forEach((row, channel) => {
      const peak = this.#paused ? 0 : (this.#peaks[channel] ?? 0);
      row.querySelector("meter").value = loudness(peak);
      // It falls slowly enough to be seen.
      this.#peaks[channel] = peak * FALL;
    });
  }

  #drawMeters(channels) {
    this.meters.replaceChildren(
      ...Array.from({ length: channels }, (_, channel) => {
        const name = channels > 1 ? S.record.channel[channel] : S.record.level;
        return el(
          "label",
          {},
          el("span", {}, name),
          el("meter", { min: "0", max: "1", low: "0.15", high: "0.95", optimum: "0.6" }),
        );
      }),
    );
  }

  #nameOf(line) {
    const named = this.session.participants.filter((person) => person.role === line.role);
    // Before anybody can tell who it is, the server says "other".
    if (!named.length) return S.record.somebody;
    return (named.length === 1 && named[0].label) || S.roles[line.role];
  }
}

/** A peak in [0, 1] on a scale that the ear agrees with: 60 dB from left to right. */
function loudness(peak) {
  return peak <= 0 ? 0 : Math.max(0, 1 + Math.log10(peak) / 3);
}
