// The command, on folders as an author has them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "../src/build/build.js";

const SDK = fileURLToPath(new URL("..", import.meta.url));

/** A project made from the template, with the SDK where `npm install` would put it. */
async function project(t) {
  const folder = await mkdtemp(join(tmpdir(), "mesh-bot-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(join(SDK, "template"), folder, { recursive: true, filter: (path) => !path.includes("node_modules") });
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await symlink(SDK, join(folder, "node_modules", "mesh-bot"));
  return folder;
}

test("a component has its manifest inside", async (t) => {
  const folder = await project(t);
  const { path } = await build(folder);
  assert.match(path, /dist.my-bot\.wasm$/);
  const component = await readFile(join(folder, "dist", "my-bot.wasm"));
  assert.deepEqual(
    component.subarray(0, 8),
    Buffer.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0),
    "a component, not a module",
  );
  const manifest = await readFile(join(folder, "bot.toml"));
  const section = Buffer.concat([Buffer.of(8), Buffer.from("mesh:bot"), manifest]);
  assert.deepEqual(component.subarray(-section.length), section);
});

test("the template passes its own test", async (t) => {
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ["--test"], { cwd: await project(t), env });
  assert.match(stdout, /pass 1\b/);
});

test("what is wrong is said in a sentence", async (t) => {
  const folder = await project(t);
  const fails = (message) => assert.rejects(build(folder), { message });
  await writeFile(join(folder, "bot.js"), 'import "./missing.js";');
  await fails(/bot\.js:1: Could not resolve "\.\/missing\.js"/);
  await writeFile(join(folder, "bot.js"), "export default { onMention() {} };");
  await fails(/export default defineBot/);
  await writeFile(join(folder, "bot.toml"), 'schema = 1\n[bot]\nnome = "x"\n');
  await fails(/bot\.toml: \[bot\] has no key `nome`/);
  await writeFile(join(folder, "bot.toml"), 'schema = 1\n[bot]\nname = "x"\n');
  await writeFile(join(folder, "package.json"), "{}");
  await fails(/package\.json has no `main`/);
});
