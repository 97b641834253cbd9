/* SCRIBE_URL=http://127.0.0.1:8080 SCRIBE_TOKEN=… node file.js session.wav
   Streams a recording of one or two channels, prints the words and then the note's sections. */

import { ScribeClient } from "../src/index.js";
import { newSession } from "./session.js";
import { readWav } from "./wav.js";

const { sampleRate, channels, samples } = await readWav(process.argv[2]);
const client = new ScribeClient(process.env.SCRIBE_URL, process.env.SCRIBE_TOKEN);
const session = await client.createSession(newSession(channels));
const stream = client.stream(session, { sampleRate, channels });
stream.on("utterance", ({ is_final, role, text }) => is_final && console.log(`${role}: ${text}`));
await stream.send(samples);
const receipt = await stream.stop();
console.log(`heard ${receipt.seconds_received.toFixed(1)} s, kept ${receipt.bytes_retained} bytes`);
console.log(`reconnected ${stream.reconnects} times`);
const { note } = await client.note(session.id);
for (const { title, status } of note.sections) console.log(`${title}: ${status}`);
