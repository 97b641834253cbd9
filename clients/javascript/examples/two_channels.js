/* SCRIBE_URL=… SCRIBE_TOKEN=… node two_channels.js clinician.wav client.wav
   Each voice from a file of its own, as a telehealth platform has them: nobody has to be told apart. */

import { ScribeClient } from "../src/index.js";
import { newSession } from "./session.js";
import { readWav } from "./wav.js";

const [clinician, other] = await Promise.all(process.argv.slice(2, 4).map(readWav));
const client = new ScribeClient(process.env.SCRIBE_URL, process.env.SCRIBE_TOKEN);
const session = await client.createSession(newSession(2));
const stream = client.stream(session, { sampleRate: clinician.sampleRate, channels: 2 });
const both = new Int16Array(2 * Math.max(clinician.samples.length, other.samples.length));
clinician.samples.forEach((sample, at) => (both[2 * at] = sample));
other.samples.forEach((sample, at) => (both[2 * at + 1] = sample));
const sending = stream.send(both).then(() => stream.stop());
for await (const message of stream) {
  if (message.type === "utterance" && message.is_final) console.log(`${message.role}: ${message.text}`);
}
await sending;
