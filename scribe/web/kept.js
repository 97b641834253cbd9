/* Audio and control messages of a stream that may have to be sent again: kept in memory, and nowhere else, until
   the server says that their words are stored.

   A place is a number of samples at the input's own rate; the wire counts at 16 kHz. */

const WIRE_RATE = 16_000;

export class Kept {
  /** What waits, the oldest first: {at, samples, payload}, `payload` an Int16Array or a JSON string. */
  #items = [];
  #begun = false;
  #end = 0;
  #stored = 0;

  constructor(rate, channels) {
    this.rate = rate;
    this.channels = channels;
  }

  /** Seconds of sound whose words are not stored yet. */
  get seconds() {
    return Math.max(0, (this.#end - this.#stored) / this.rate);
  }

  /** Seconds of sound since the session began. */
  get position() {
    return this.#end / this.rate;
  }

  /** Interleaved 16-bit samples that follow what is here; returns what is to be sent. */
  audio(pcm) {
    const samples = pcm.length / this.channels;
    const item = { at: this.#end, samples, payload: pcm };
    this.#items.push(item);
    this.#end += samples;
    return item;
  }

  /** A control message that lies between what is here and what follows; returns what is to be sent. */
  control(message) {
    const item = { at: this.#end, samples: 0, payload: JSON.stringify(message) };
    this.#items.push(item);
    return item;
  }

  /** The words before `committed` (at 16 kHz) are stored: what lies before goes, and its memory is overwritten. */
  forget(committed) {
    this.#stored = Math.floor((committed * this.rate) / WIRE_RATE);
    const keep = (item) => (item.samples ? item.at + item.samples > this.#stored : item.at >= this.#stored);
    for (const item of this.#items) if (!keep(item)) wipe(item);
    this.#items = this.#items.filter(keep);
  }

  /** What is to be sent where the server goes on at `resumeFrom` (at 16 kHz). */
  from(resumeFrom) {
    const first = Math.ceil((resumeFrom * this.rate) / WIRE_RATE);
    if (!this.#begun) {
      // A page that was loaded anew in the middle of a session does not have what came before: what it heard follows.
      for (const item of this.#items) item.at += first;
      this.#end += first;
      this.#stored = first;
      this.#begun = true;
    }
    return this.#items
      .filter((item) => (item.samples ? item.at + item.samples > first : item.at >= first))
      .map((item) => this.#cut(item, first));
  }

  /** Overwrite and forget everything. */
  discard() {
    this.#items.forEach(wipe);
    this.#items = [];
    this.#stored = this.#end;
  }

  #cut(item, first) {
    if (!item.samples || item.at >= first) return item;
    const skip = first - item.at;
    const payload = item.payload.subarray(skip * this.channels);
    return { at: first, samples: item.samples - skip, payload };
  }
}

function wipe(item) {
  if (item.samples) item.payload.fill(0);
}
