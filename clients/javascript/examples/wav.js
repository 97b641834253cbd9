/* A WAV file of 16-bit PCM, read: {sampleRate, channels, samples}, `samples` interleaved. */

import { readFile } from "node:fs/promises";

export async function readWav(path) {
  const bytes = await readFile(path);
  const found = {};
  for (let at = 12; at + 8 <= bytes.length; ) {
    const [name, size] = [bytes.toString("latin1", at, at + 4), bytes.readUInt32LE(at + 4)];
    found[name] = bytes.subarray(at + 8, at + 8 + size);
    at += 8 + size + (size % 2);
  }
  const format = found["fmt "];
  if (!format || !found.data || format.readUInt16LE(14) !== 16) throw new Error(`${path} is no 16-bit WAV file.`);
  const { buffer, byteOffset, byteLength } = found.data;
  return {
    sampleRate: format.readUInt32LE(4),
    channels: format.readUInt16LE(2),
    samples: new Int16Array(buffer.slice(byteOffset, byteOffset + byteLength - (byteLength % 2))),
  };
}
