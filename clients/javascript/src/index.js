/* A client of the ambient scribe, for browsers and Node: REST calls and the stream `scribe.v1`. */

export { ScribeClient } from "./client.js";
export { ScribeError, Refused, Unreachable } from "./errors.js";
export { SessionStream } from "./stream.js";
