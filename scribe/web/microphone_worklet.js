/* Runs in the browser's audio thread: one channel out of each source, as interleaved 16-bit samples. */

const CHUNK_SECONDS = 0.1;
const FULL = 32_767;

class Microphone extends AudioWorkletProcessor {
  constructor({ numberOfInputs }) {
    super();
    this.channels = numberOfInputs;
    this.size = Math.round(sampleRate * CHUNK_SECONDS);
    this.#begin();
    this.port.onmessage = () => (this.over = true);
  }

  #begin() {
    this.pcm = new Int16Array(this.size * this.channels);
    this.peaks = new Float32Array(this.channels);
    this.filled = 0;
  }

  process(inputs) {
    if (this.over) return false;
    const length = 128;
    for (let i = 0; i < length; i += 1) {
      for (let channel = 0; channel < this.channels; channel += 1) {
        const sample = mixed(inputs[channel], i);
        this.pcm[this.filled * this.channels + channel] = Math.max(-1, Math.min(1, sample)) * FULL;
        this.peaks[channel] = Math.max(this.peaks[channel], Math.abs(sample));
      }
      this.filled += 1;
      if (this.filled === this.size) {
        this.port.postMessage({ pcm: this.pcm, peaks: this.peaks }, [this.pcm.buffer]);
        this.#begin();
      }
    }
    return true;
  }
}

/** The mean of a source's own channels; a source that gives nothing is silent. */
function mixed(source, i) {
  if (!source?.length) return 0;
  let sum = 0;
  for (const channel of source) sum += channel[i];
  return sum / source.length;
}

registerProcessor("microphone", Microphone);
