/* Sound and control messages that may have to be sent again: kept in memory until the server says that their words
   are stored.

   A place is a number of samples at the input's own rate; the wire counts at 16 kHz. */

const WIRE_RATE = 16_000;

export class Kept {
  /** What waits, the oldest first: {at, samples, payload}, `payload` a Uint8Array or a JSON string. */
  #items = [];
  #unsent = [];
  #begun = false;
  #end = 0;
  #stored = 0;

  constructor(rate, frameBytes) {
    this.rate = rate;
    this.frameBytes = frameBytes;
  }

  /** Seconds of sound whose words are not stored yet. */
  get seconds() {
    return Math.max(0, (this.#end - this.#stored) / this.rate);
  }

  /** Bytes of whole samples; they are the client's own from here on. */
  audio(payload) {
    this.#add(payload.length / this.frameBytes, payload);
  }

  /** A message that lies between what is here and what follows. */
  control(message) {
    this.#add(0, JSON.stringify(message));
  }

  /** What is to be sent next; undefined where nothing is. */
  next() {
    return this.#unsent.shift()?.payload;
  }

  /** The words before `committed` (at 16 kHz) are stored: what lies before goes, and its memory is overwritten. */
  forget(committed) {
    this.#stored = Math.floor((committed * this.rate) / WIRE_RATE);
    while (this.#items.length && !this.#needed(this.#items[0], this.#stored)) wipe(this.#items.shift());
  }

  /** The server goes on at `resumeFrom` (at 16 kHz): all from there is to be sent again. */
  replay(resumeFrom) {
    const first = Math.ceil((resumeFrom * this.rate) / WIRE_RATE);
    if (!this.#begun) {
      // Who begins in the middle of a session does not have what came before: what is here follows it.
      for (const item of this.#items) item.at += first;
      this.#end += first;
      this.#stored = first;
      this.#begun = true;
    }
    this.#unsent = this.#items.filter((item) => this.#needed(item, first)).map((item) => this.#cut(item, first));
  }

  /** Overwrite and forget everything. */
  discard() {
    this.#items.forEach(wipe);
    this.#items = [];
    this.#unsent = [];
    this.#stored = this.#end;
  }

  #add(samples, payload) {
    const item = { at: this.#end, samples, payload };
    this.#items.push(item);
    this.#unsent.push(item);
    this.#end += samples;
  }

  #needed(item, first) {
    return item.samples ? item.at + item.samples > first : item.at >= first;
  }

  #cut(item, first) {
    if (!item.samples || item.at >= first) return item;
    const skip = first - item.at;
    return { at: first, samples: item.samples - skip, payload: item.payload.subarray(skip * this.frameBytes) };
  }
}

function wipe(item) {
  if (item.samples) item.payload.fill(0);
}
