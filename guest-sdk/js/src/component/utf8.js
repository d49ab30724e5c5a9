// UTF-8 for an engine that has none. Both ways go through functions of the engine that are native, since
// a loop over every byte would use up the fuel of an event on a large text.

export class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    const binary = unescape(encodeURIComponent(String(text).toWellFormed()));
    return Uint8Array.fromBase64(btoa(binary));
  }
}

/** Where bytes are no text, so many at once are gone through one by one. */
const PIECE = 512;

export class TextDecoder {
  #fatal;
  #ignoreBOM;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!/^(utf-?8|unicode-1-1-utf-8)$/i.test(label.trim()))
      throw new RangeError(`only UTF-8 is known here, not ${label}`);
    this.#fatal = fatal;
    this.#ignoreBOM = ignoreBOM;
  }

  get encoding() {
    return "utf-8";
  }

  decode(input = new Uint8Array(0)) {
    const text = this.#textOf(bytesOf(input));
    return text.startsWith("\ufeff") && !this.#ignoreBOM ? text.slice(1) : text;
  }

  #textOf(bytes) {
    try {
      return valid(bytes);
    } catch {
      if (this.#fatal) throw new TypeError("these bytes are not UTF-8");
      return withReplacements(bytes);
    }
  }
}

function bytesOf(input) {
  if (input instanceof Uint8Array) return input;
  return ArrayBuffer.isView(input)
    ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
    : new Uint8Array(input);
}

function valid(bytes) {
  return decodeURIComponent(escape(atob(bytes.toBase64())));
}

// Most of what is not quite text is text for the greater part, which the engine's own functions can do.
function withReplacements(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length;) {
    const end = endOfPiece(bytes, at + PIECE);
    const piece = bytes.subarray(at, end);
    try {
      pieces.push(valid(piece));
    } catch {
      replaceBroken(piece, pieces);
    }
    at = end;
  }
  return pieces.join("");
}

// Not within a character: its second and later bytes begin with the bits 10.
function endOfPiece(bytes, wanted) {
  if (wanted >= bytes.length) return bytes.length;
  for (let end = wanted; end > wanted - 4; end -= 1) {
    if ((bytes[end] & 0xc0) !== 0x80) return end;
  }
  return wanted;
}

/** Each longest beginning of a character that is broken off becomes one U+FFFD, as the Encoding Standard has it. */
function replaceBroken(bytes, pieces) {
  let from = 0;
  let at = 0;
  while (at < bytes.length) {
    const size = sizeAt(bytes, at);
    if (size > 0) {
      at += size;
      continue;
    }
    if (from < at) pieces.push(valid(bytes.subarray(from, at)));
    pieces.push("\ufffd");
    at -= size;
    from = at;
  }
  pieces.push(valid(bytes.subarray(from)));
}

/** How many bytes the character there has; less than 0, how many of it there are before it is broken off. */
function sizeAt(bytes, at) {
  const first = bytes[at];
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return -1;
  const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (!isSecond(first, bytes[at + 1])) return -1;
  for (let next = 2; next < size; next += 1) {
    if ((bytes[at + next] & 0xc0) !== 0x80) return -next;
  }
  return size;
}

// Overlong forms, surrogates and what is beyond Unicode show in the second byte. At the end there is none.
function isSecond(first, second) {
  if (first === 0xe0) return second >= 0xa0 && second <= 0xbf;
  if (first === 0xed) return second >= 0x80 && second <= 0x9f;
  if (first === 0xf0) return second >= 0x90 && second <= 0xbf;
  if (first === 0xf4) return second >= 0x80 && second <= 0x8f;
  return second >= 0x80 && second <= 0xbf;
}
