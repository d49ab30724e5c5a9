// The declarations are written by hand, so each name in them is looked for in the code, and the other way round.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as sdk from "mesh-bot";
import * as testing from "mesh-bot/testing";

const declared = (file) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");

for (const [file, module] of [
  ["index.d.ts", sdk],
  ["testing.d.ts", testing],
]) {
  test(`${file} names what there is`, () => {
    const names = declared(file).matchAll(/^export (?:abstract )?(?:class|function|namespace) (\w+)/gm);
    assert.deepEqual([...new Set([...names].map(([, name]) => name))].sort(), Object.keys(module).sort());
  });
}

test("every method is declared, and every declared one is there", () => {
  const { mesh } = testing.TestMesh.permissive(sdk.defineBot({}));
  const parts = { Mesh: mesh, TestMesh: testing.TestMesh.permissive(sdk.defineBot({})) };
  for (const name of ["messages", "threads", "rooms", "members", "kv", "files", "timers", "approvals", "ownBot"]) {
    parts[name[0].toUpperCase() + name.slice(1)] = mesh[name];
  }
  const text = declared("index.d.ts") + declared("testing.d.ts");
  for (const [name, value] of Object.entries(parts)) {
    const body = new RegExp(`^export (?:class|interface) ${name}\\b[^\\n]*\\{\\n(.*?)^\\}`, "ms").exec(text)[1];
    const methods = [...body.matchAll(/^ {2}(\w+)(?:<[^(]*>)?\(/gm)].map(([, method]) => method);
    const there = Object.getOwnPropertyNames(Object.getPrototypeOf(value)).filter((key) => isMethod(value, key));
    assert.deepEqual([...new Set(methods)].filter((method) => method !== "constructor").sort(), there.sort(), name);
  }
});

function isMethod(value, key) {
  const { value: method } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(value), key);
  return key !== "constructor" && typeof method === "function";
}
