// Bots that are asked for something and answer, and ask each other.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ConflictError, defineBot, DeniedError, FailedError, MalformedError, NotFoundError, Retry } from "mesh-bot";
import { HandlerFailed, TestMesh } from "mesh-bot/testing";

/** Weighs words, and has another bot translate them if it is asked to. */
const scales = defineBot({
  onCall({ method, input, by }, mesh) {
    if (method === "weigh") return { by: by.name, weight: input.length };
    if (method === "translate") return mesh.call("bot_2", "translate", input, { timeoutMs: 1000 });
    if (method === "later") throw new Retry(1000);
    if (method === "slip") undefined.length;
    if (method === "function") return () => {};
    if (method === "promise") return Promise.resolve(7);
    if (method !== "nothing") throw new Error(`what is \`${method}\`?`);
  },
});

test("a bot answers", () => {
  const mesh = TestMesh.permissive(scales);
  assert.deepEqual(mesh.call("weigh", "tea", { by: "Bob" }), { by: "Bob", weight: 3 });
  assert.equal(mesh.call("nothing"), null);
  assert.throws(() => mesh.call("boil"), new FailedError("what is `boil`?"));
  assert.throws(() => mesh.call("later"), new FailedError("to be tried again in 1000 ms"));
  assert.throws(() => mesh.call("slip"), { name: "FailedError", message: /^TypeError: Cannot read/ });
  assert.match(mesh.log[0].text, /onCall.*calls\.test\.js/s);
  assert.throws(() => mesh.call("function"), { name: "FailedError", message: /something that JSON can hold/ });
  assert.throws(() => mesh.call("promise"), { name: "FailedError", message: /`onCall` is async/ });
});

test("a bot without a handler says so", () => {
  const mesh = TestMesh.permissive(defineBot({}));
  assert.throws(() => mesh.call("weigh"), new FailedError("this bot does not answer `weigh`"));
});

test("an answer that nobody waits for is done", () => {
  const mesh = TestMesh.permissive(scales).fail("bot.state", new ConflictError("nobody waits"));
  const call = { callId: "botcall_1", method: "weigh", input: '"tea"', hops: 0, deadline: 0 };
  assert.equal(mesh.event("bot-called", call), "ack");
  mesh.deny("bot.state", "not here");
  assert.throws(() => mesh.call("weigh", "tea"), new HandlerFailed(new DeniedError("grant", "not here")));
});

test("other bots are asked", () => {
  const test = TestMesh.permissive(scales);
  const translate = (bot, input) => test.mesh.call(bot, "translate", input);
  assert.throws(() => translate("bot_2", "Tee"), NotFoundError);
  test.answerCalls((bot, method, input) => {
    if (bot !== "bot_2") return undefined;
    if (input.text !== "Tee") throw new FailedError("I do not know that word");
    return `${method}d: tea`;
  });
  assert.equal(test.call("translate", { text: "Tee" }), "translated: tea");
  assert.throws(() => translate("bot_2", { text: "Kaffee" }), new FailedError("I do not know that word"));
  assert.throws(() => test.call("translate", { text: "Kaffee" }), new FailedError("I do not know that word"));
  assert.throws(() => translate("bot_3", { text: "Tee" }), NotFoundError);
  assert.throws(() => translate("bot_2", () => {}), TypeError);
  assert.throws(() => translate(7, "Tee"), TypeError);
  test.deny("command.invoke", "not here");
  assert.throws(() => translate("bot_2", { text: "Tee" }), DeniedError);
});

test("a question that is no JSON is a failure of the event", () => {
  const mesh = TestMesh.permissive(scales);
  const call = { callId: "botcall_1", method: "weigh", input: "{", hops: 0, deadline: 0 };
  assert.throws(
    () => mesh.event("bot-called", call),
    ({ cause }) => cause instanceof MalformedError,
  );
});
