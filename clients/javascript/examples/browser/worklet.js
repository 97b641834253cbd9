/* Runs in the browser's audio thread: the first channel of the microphone, 4,096 samples at a time. */

class Samples extends AudioWorkletProcessor {
  #chunk = new Float32Array(4_096);
  #filled = 0;

  process([[channel]]) {
    if (!channel) return true;
    this.#chunk.set(channel, this.#filled);
    this.#filled += channel.length;
    if (this.#filled === this.#chunk.length) {
      this.port.postMessage(this.#chunk, [this.#chunk.buffer]);
      this.#chunk = new Float32Array(4_096);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("samples", Samples);
