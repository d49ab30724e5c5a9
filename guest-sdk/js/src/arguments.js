// Checks of what a bot's author passes. The engine would end the instance over a value of another type
// than the contract has, so such slips become errors here, before they get there.

export function id(value, what) {
  if (typeof value === "string") return value;
  throw new TypeError(`${what} is named by its id, a string, and not by ${shown(value)}`);
}

export function optionalId(value, what) {
  return value === undefined || value === null ? null : id(value, what);
}

/** Numbers and the like are written out; objects are nearly always a slip. */
export function text(value, what) {
  if (typeof value === "string") return value.toWellFormed?.() ?? value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  throw new TypeError(`${what} is a string, and not ${shown(value)}`);
}

export function optionalText(value, what) {
  return value === undefined || value === null ? null : text(value, what);
}

export function count(value, what, most = Number.MAX_SAFE_INTEGER) {
  if (Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
  throw new TypeError(`${what} is a whole number from 0 to ${most}, and not ${shown(value)}`);
}

export function optionalCount(value, what, most) {
  return value === undefined || value === null ? null : count(value, what, most);
}

export function bytes(value, what) {
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError(`${what} are a Uint8Array or a string, and not ${shown(value)}`);
}

export function list(value, what, each) {
  if (Array.isArray(value)) return value.map((item) => each(item, what));
  throw new TypeError(`${what} are a list, and not ${shown(value)}`);
}

/** A value as JSON; what JSON cannot hold is refused rather than left out. */
export function json(value, what) {
  const written = JSON.stringify(value);
  if (written !== undefined) return written;
  throw new TypeError(`${what} is something that JSON can hold, and not ${shown(value)}`);
}

function shown(value) {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object"
    ? `an object (${value.constructor?.name ?? "without a class"})`
    : `${typeof value} ${String(value)}`;
}
