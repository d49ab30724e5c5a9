import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { defineBot, DeniedError } from "mesh-bot";
import { parseManifest, TestMesh } from "mesh-bot/testing";

const path = new URL("../template/bot.toml", import.meta.url);
const template = readFileSync(path, "utf8");

test("the template is right and slips are found", () => {
  assert.equal(parseManifest(template).bot.name, "my-bot");
  for (const [right, wrong] of [
    ["schema = 1", "schema = 2"],
    ['hears = "mentions"', 'hears = "all_of_it"'],
    ["permission = ", "permision = "],
    ["[events]", "[event]"],
    ["[bot]", "[bot"],
  ]) {
    assert.ok(template.includes(right), right);
    assert.throws(() => parseManifest(template.replace(right, wrong)), Error, wrong);
  }
});

test("a bot may do what its manifest asks for and nothing else", () => {
  const bot = defineBot({ onMention: (mention, mesh) => mesh.react(mention, "wave") });
  const test = new TestMesh(bot, { manifest: fileURLToPath(path) });
  assert.throws(() => test.mention("hi"), /denied by grant: the manifest does not ask for `message.react`/);
  assert.throws(() => test.mesh.fetch("https://example.org"), DeniedError);
  assert.throws(() => test.tellSecret("TOKEN", "abc").mesh.secret("TOKEN"), /does not name the secret/);
  assert.equal(test.mesh.ownBot.status().state, "ready");
  test.allow("message.react");
  assert.equal(test.mention("hi"), "ack");
});

test("a bot is handed what its manifest asks for and nothing else", () => {
  const test = new TestMesh(defineBot({}), { manifest: path });
  assert.throws(() => test.message("hi"), /hears mentions only/);
  assert.throws(() => test.react("wave"), /does not subscribe to `reaction-added`/);
  assert.throws(() => test.command("count"), /no command `count`/);
  assert.equal(test.configure({}), "ack");
});
