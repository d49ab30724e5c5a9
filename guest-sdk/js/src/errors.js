/** Why something did not work, with a sentence for people as its message. */
export class MeshError extends Error {
  constructor(kind, message) {
    super(message);
    this.name = new.target.name;
    this.kind = kind;
  }
}

/** The mesh refuses. Nothing happened and nothing was spent. */
export class DeniedError extends MeshError {
  constructor(reason, detail = "") {
    super("denied", detail ? `denied by ${reason}: ${detail}` : `denied by ${reason}`);
    this.reason = reason;
    this.detail = detail;
  }
}

/** Absent, or not visible to this bot. */
export class NotFoundError extends MeshError {
  constructor(what) {
    super("not found", `not found: ${what}`);
    this.detail = what;
  }
}

/** The input is wrong; asking again changes nothing. */
export class InvalidError extends MeshError {
  constructor(why) {
    super("invalid", `invalid: ${why}`);
    this.detail = why;
  }
}

/** The thing is in another state than the call needs. */
export class ConflictError extends MeshError {
  constructor(why) {
    super("conflict", `conflict: ${why}`);
    this.detail = why;
  }
}

/** Ask again after this long. */
export class RateLimitedError extends MeshError {
  constructor(retryAfterMs) {
    super("rate limited", `too many calls, ask again in ${retryAfterMs} ms`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Held for a person to decide. */
export class PendingError extends MeshError {
  constructor(approvalId) {
    super("pending", `waiting for a person to decide (${approvalId})`);
    this.approvalId = approvalId;
  }
}

/** The mesh could not do it now. */
export class UnavailableError extends MeshError {
  constructor(why) {
    super("unavailable", `not available now: ${why}`);
    this.detail = why;
  }
}

/** A stored value or an answer does not have the shape the bot expects. */
export class MalformedError extends MeshError {
  constructor(why) {
    super("malformed", `unexpected shape: ${why}`);
    this.detail = why;
  }
}

/** Another bot was asked, and says this in place of an answer. */
export class FailedError extends MeshError {
  constructor(why) {
    super("failed", why);
    this.detail = why;
  }
}

/** The bot asks for this event again, after so many milliseconds. */
export class Retry extends Error {
  constructor(afterMs) {
    super(`to be tried again in ${afterMs} ms`);
    this.name = "Retry";
    this.afterMs = milliseconds(afterMs);
  }
}

/** The bot will never handle this event, for this reason. */
export class Reject extends Error {
  constructor(why) {
    super(`rejected: ${why}`);
    this.name = "Reject";
    this.reason = String(why);
  }
}

/** The error that an import threw, as one of the classes above. Anything else comes back as it is. */
export function fromRaw(error) {
  const raw = error?.payload;
  switch (raw?.tag) {
    case "denied":
      return new DeniedError(raw.val.reason, raw.val.detail);
    case "not-found":
      return new NotFoundError(raw.val);
    case "invalid":
      return new InvalidError(raw.val);
    case "conflict":
      return new ConflictError(raw.val);
    case "rate-limited":
      return new RateLimitedError(raw.val);
    case "pending":
      return new PendingError(raw.val);
    case "unavailable":
      return new UnavailableError(raw.val);
    default:
      return error;
  }
}

/** The contrary of `fromRaw`, for a mesh made for tests. */
export function toRaw(error) {
  return Object.assign(new Error(error.message), { payload: { tag: tagOf(error), val: valueOf(error) } });
}

function tagOf(error) {
  if (error instanceof MeshError && !["malformed", "failed"].includes(error.kind)) return error.kind.replace(" ", "-");
  throw new TypeError(`a mesh never answers with ${error}`);
}

function valueOf(error) {
  if (error instanceof DeniedError) return { reason: error.reason, detail: error.detail };
  if (error instanceof RateLimitedError) return error.retryAfterMs;
  if (error instanceof PendingError) return error.approvalId;
  return error.detail;
}

function milliseconds(time) {
  if (Number.isFinite(time) && time >= 0) return Math.ceil(time);
  throw new TypeError(`a time to wait is a number of milliseconds, and not ${time}`);
}
