// The engine is started once, when the component is built, and every instance begins as a copy of it. So
// its own random numbers would be the same in all of them. The host's are not.

import { getRandomBytes } from "wasi:random/random@0.2.12";

/** How many random bytes are fetched at once; the host gives at most 64 KiB. */
const POOL = 512;

let pool = new Uint8Array(0);
let used = 0;

/** Makes `Math.random` and `crypto` draw from the host from now on. While a bot is built there is no host. */
export function useHostRandomness() {
  Math.random = random;
  globalThis.crypto ??= { getRandomValues, randomUUID };
}

// 53 bits, as many as a number can hold.
function random() {
  const drawn = draw(7);
  let number = drawn[0] & 0x1f;
  for (let at = 1; at < 7; at += 1) number = number * 256 + drawn[at];
  return number / 2 ** 53;
}

function draw(size) {
  if (size > POOL) return bytes(size);
  if (pool.length - used < size) {
    pool = bytes(POOL);
    used = 0;
  }
  used += size;
  return pool.subarray(used - size, used);
}

function bytes(size) {
  return Uint8Array.from(getRandomBytes(size));
}

function getRandomValues(array) {
  if (array.byteLength > 65_536) throw new RangeError("at most 65,536 random bytes at once");
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(draw(array.byteLength));
  return array;
}

function randomUUID() {
  const drawn = Uint8Array.from(draw(16));
  drawn[6] = (drawn[6] & 0x0f) | 0x40;
  drawn[8] = (drawn[8] & 0x3f) | 0x80;
  const digits = [...drawn].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
