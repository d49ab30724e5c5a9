// The stand-in for what QuickJS lacks does as the real one, which Node.js has.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as ours from "../src/component/utf8.js";

// QuickJS has these; Node.js lacks the first before 20, and the others before 25.
String.prototype.toWellFormed ??= function toWellFormed() {
  return Buffer.from(String(this)).toString();
};
Uint8Array.prototype.toBase64 ??= function toBase64() {
  return Buffer.from(this).toString("base64");
};
Uint8Array.fromBase64 ??= (text) => Uint8Array.from(Buffer.from(text, "base64"));

const decode = (bytes, options) => new ours.TextDecoder("utf-8", options).decode(bytes);

test("texts become bytes and texts again", () => {
  for (const text of ["", "hello", "Grüße, 世界 🎉", "\ufeffx", "\0", "x".repeat(70_000)]) {
    const bytes = new ours.TextEncoder().encode(text);
    assert.deepEqual(bytes, new TextEncoder().encode(text));
    assert.equal(decode(bytes, { ignoreBOM: true }), text);
  }
  assert.deepEqual(new ours.TextEncoder().encode("a\ud800b"), new TextEncoder().encode("a\ufffdb"));
});

test("bytes that are no text are replaced as in the standard", () => {
  // Every pair and some triples around the borders, which is where decoders differ.
  const edges = [
    0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1,
    0xf4, 0xf5, 0xff,
  ];
  const standard = new TextDecoder();
  for (const first of edges) {
    for (const second of edges) {
      for (const third of edges) {
        const bytes = Uint8Array.of(first, second, third, 0x80);
        assert.equal(decode(bytes), standard.decode(bytes), bytes.toString());
      }
    }
  }
  // Long ones, with characters broken off where they are cut into pieces.
  const parts = ["x", "ü", "€", "🎉"]
    .map((text) => new TextEncoder().encode(text))
    .concat(edges.map((edge) => Uint8Array.of(edge)));
  for (let round = 0; round < 200; round += 1) {
    const bytes = Buffer.concat(
      Array.from({ length: 1500 }, (_, n) => parts[(n * n + round * 7 + (n % (round + 2))) % parts.length]),
    );
    assert.equal(decode(bytes), standard.decode(bytes), `round ${round}`);
  }
  assert.throws(() => decode(Uint8Array.of(0xff), { fatal: true }), TypeError);
  assert.equal(decode(new Uint16Array([0x4241]).buffer), "AB");
  assert.throws(() => new ours.TextDecoder("latin1"), RangeError);
});
