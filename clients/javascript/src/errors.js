/* What this client throws. `message` is one sentence for whoever has to act; `code` is stable. */

/** Base of all: `code` says what went wrong, `status` is the HTTP status or the close code, 0 where there is none. */
export class ScribeError extends Error {
  constructor(code, status, detail) {
    super(detail);
    this.name = new.target.name;
    this.code = code;
    this.status = status;
  }
}

/** The server said no, or would say it; trying the same again does not help. */
export class Refused extends ScribeError {}

/** No server answers, or not any more. */
export class Unreachable extends ScribeError {
  constructor(detail) {
    super("unreachable", 0, detail);
  }
}
