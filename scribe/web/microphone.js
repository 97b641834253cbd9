/* The sound of this machine: the microphone and, where it is wanted, the sound of a tab or of the computer as a
   second channel. Nothing is stored; every chunk is handed on as it comes. */

import { S } from "./strings.js";

/** What the recogniser hears at. A browser that cannot mix rates gives its own, and the server converts it. */
const RATE = 16_000;

/** The microphones there are, as {id, name}; names are empty until the browser was allowed to listen. */
export async function microphones() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices
    .filter((device) => device.kind === "audioinput" && device.deviceId)
    .map((device, number) => ({ id: device.deviceId, name: device.label || S.record.microphone(number + 1) }));
}

/** Whether this browser can give the sound of a tab or of the computer. */
export function canShare() {
  return Boolean(navigator.mediaDevices?.getDisplayMedia);
}

/**
 * Open the sources. `heard(pcm, peaks)` gets interleaved 16-bit samples and the loudest sample of each channel;
 * `lost(reason)` is called where a source ends by itself. Throws Error with a sentence for the person.
 */
export async function openMicrophone({ device, shared, heard, lost }) {
  if (!navigator.mediaDevices?.getUserMedia) throw new Error(S.record.noMicrophones);
  const streams = [];
  const stopAll = () => streams.forEach((stream) => stream.getTracks().forEach((track) => track.stop()));
  try {
    // Asked for first: a browser gives it only while the click that asked for it is fresh.
    if (shared) streams.push(await sharedSound());
    streams.unshift(await ownSound(device, shared));
    const { context, node } = await joined(streams);
    node.port.onmessage = ({ data }) => heard(data.pcm, data.peaks);
    streams.forEach((stream, number) => {
      for (const track of stream.getAudioTracks()) {
        track.addEventListener("ended", () => lost(number ? S.record.sharedLost : S.record.microphoneLost));
      }
    });
    return {
      rate: context.sampleRate,
      channels: streams.length,
      async close() {
        node.port.postMessage("over");
        stopAll();
        await context.close().catch(() => {});
      },
    };
  } catch (error) {
    stopAll();
    throw new Error(S.record.refused[error.name] ?? error.message ?? S.record.noMicrophones);
  }
}

function ownSound(device, shared) {
  return navigator.mediaDevices.getUserMedia({
    audio: {
      deviceId: device ? { exact: device } : undefined,
      // The other side's voice comes out of the loudspeaker and back into the microphone.
      echoCancellation: shared,
      noiseSuppression: false,
      autoGainControl: true,
    },
  });
}

async function sharedSound() {
  const stream = await navigator.mediaDevices.getDisplayMedia({ audio: true, video: true });
  if (!stream.getAudioTracks().length) {
    stream.getTracks().forEach((track) => track.stop());
    throw new Error(S.record.noSharedSound);
  }
  // A picture is asked for because browsers share sound only with one; it is never looked at.
  stream.getVideoTracks().forEach((track) => track.stop());
  return stream;
}

async function joined(streams) {
  for (const options of [{ sampleRate: RATE }, {}]) {
    const context = new AudioContext(options);
    try {
      await context.audioWorklet.addModule("/page/microphone_worklet.js");
      const node = new AudioWorkletNode(context, "microphone", {
        numberOfInputs: streams.length,
        numberOfOutputs: 0,
      });
      streams.forEach((stream, number) =>
        context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(node, 0, number),
      );
      await context.resume();
      return { context, node };
    } catch (error) {
      await context.close();
      if (!options.sampleRate) throw error;
    }
  }
  throw new Error(S.record.noMicrophones);
}
