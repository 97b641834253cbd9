/* The microphone of a browser into a session's stream. Load it from the scribe's own origin (a proxy that serves
   your page and the scribe under one name): the server refuses sockets of pages from elsewhere. */

/** Open the microphone and send it; resolves to a function that ends the session and resolves to its receipt. */
export async function record(client, session, onMessage) {
  const media = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, autoGainControl: true } });
  const context = new AudioContext();
  await context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
  const node = new AudioWorkletNode(context, "samples", { numberOfOutputs: 0 });
  const stream = client.stream(session, { encoding: "pcm_f32le", sampleRate: context.sampleRate });
  stream.on("*", onMessage);
  node.port.onmessage = ({ data }) => stream.send(data).catch(stop);
  context.createMediaStreamSource(media).connect(node);
  await context.resume();

  function stop() {
    media.getTracks().forEach((track) => track.stop());
    return context.close();
  }
  return async () => {
    await stop();
    return stream.stop();
  };
}
