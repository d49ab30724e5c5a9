// The commands of ../README.md on a mesh in memory.

import assert from "node:assert/strict";
import { test } from "node:test";
import { RateLimitedError } from "mesh-bot";
import { TestMesh } from "mesh-bot/testing";
import bot from "./bot.js";

/** What the bot answers to commands given one after the other. */
function answers(mesh, ...commands) {
  const before = mesh.replies.length;
  for (const command of commands) assert.equal(mesh.mention(command), "ack", command);
  return mesh.replies.slice(before);
}

const fresh = () => new TestMesh(bot, { manifest: new URL("bot.toml", import.meta.url) });

test("answers stand where the question stood", () => {
  const mesh = fresh();
  mesh.mention("echo  hello  there", { thread: "thread_9" });
  const [post] = mesh.posts;
  assert.deepEqual([post.text, post.threadId, post.replyTo !== null], ["hello  there", "thread_9", true]);
  mesh.mention("thread begin");
  assert.match(mesh.posts[1].threadId, /^thread_\d+$/);
  assert.equal(mesh.posts[1].replyTo, null);
  assert.deepEqual(answers(mesh, "what is this", "constructor", ""), []);
});

test("messages are changed, deleted, counted and read", () => {
  const mesh = fresh();
  mesh.mention("react 🎉");
  assert.equal(mesh.reactions[0].emoji, "🎉");
  assert.deepEqual(answers(mesh, "edit", "delete"), ["second"]);
  mesh.message("one");
  mesh.message("two");
  assert.deepEqual(answers(mesh, "heard", "history 3"), ["2", "two / @bot heard / 2"]);
  assert.deepEqual(answers(mesh, `get ${mesh.posts[0].id}`, "get message_0", "post here"), [
    "second",
    "not found",
    "here",
  ]);
  assert.equal(mesh.posts.at(-1).replyTo, null);
});

test("answers are written, and have buttons", () => {
  const mesh = fresh();
  assert.deepEqual(answers(mesh, "stream one two", "buttons"), ["one two", "choose"]);
  mesh.press("yes", { by: "Bob", values: { b: 1, a: 2 } });
  assert.equal(mesh.replies[1], 'Bob pressed yes with 1 and {"a":2,"b":1}');
  assert.deepEqual(answers(mesh, `press ${mesh.posts[1].id}`), ["conflict"]);
});

test("the store remembers", () => {
  const mesh = fresh();
  assert.deepEqual(answers(mesh, "count", "count", "remember k a b", "recall k"), ["1", "2", "ok", "a b"]);
  assert.equal(mesh.stored("k"), "a b");
  assert.deepEqual(answers(mesh, "forget k", "forget k", "recall k"), ["true", "false", "nothing"]);
  assert.deepEqual(answers(mesh, "remember b/2 y", "remember b/1 x", "keys b/"), ["ok", "ok", "b/1, b/2"]);
  assert.deepEqual(answers(mesh, "bytes 1000", "bytes 0"), ["1000 of 1000", "0 of 0"]);
  assert.deepEqual(answers(mesh, "claim z", "claim z"), ["mine", "conflict"]);
});

test("settings, secrets, and who is who", () => {
  const mesh = fresh();
  assert.deepEqual(answers(mesh, "greeting"), ["none"]);
  mesh.configure({ greeting: "ahoy" });
  assert.deepEqual(answers(mesh, "greeting", "secret TOKEN", "secret OTHER"), ["ahoy", "not found", "denied"]);
  mesh.tellSecret("TOKEN", "sesame");
  assert.deepEqual(answers(mesh, "secret TOKEN"), ["6 characters"]);
  assert.deepEqual(mesh.log, [{ level: "info", text: "sesame" }]);
  mesh.message("hello", { by: "Bob" });
  assert.deepEqual(answers(mesh, "whoami", "members"), ["bot", "Ada, Bob, bot"]);
  assert.deepEqual(answers(mesh, "may message.post", "may room.create", "room kitchen"), ["true", "false", "denied"]);
});

test("files go up and down", () => {
  const mesh = fresh();
  assert.deepEqual(answers(mesh, `file a.txt ${"x".repeat(2500)}`), ["here"]);
  const [file] = mesh.files;
  assert.deepEqual([file.name, file.size, file.messageId], ["a.txt", 2500, mesh.posts[0].id]);
  assert.deepEqual(answers(mesh, `size ${file.id}`, "size file_0"), ["2500", "not found"]);
  const { id: plain } = mesh.posts.at(-1);
  assert.deepEqual(answers(mesh, `shown ${file.messageId}`, `shown ${plain}`), ["a.txt", "none"]);
});

test("timers, questions and other servers", () => {
  const mesh = fresh();
  mesh.mention("remind 60 drink tea");
  mesh.advance(59_000);
  assert.deepEqual(mesh.replies, []);
  mesh.advance(2_000);
  mesh.mention("ask Lunch?");
  const [{ id, question }] = mesh.approvals;
  assert.equal(question, "Lunch?");
  mesh.decide(id, "rejected");
  assert.deepEqual(mesh.replies, ["reminder: drink tea", "it is rejected"]);
  mesh.respond("https://localhost/a", { status: 201, body: "made" }).tellSecret("TOKEN", "sesame");
  assert.deepEqual(answers(mesh, "fetch https://localhost/a", "sendsecret https://localhost/a TOKEN"), [
    "201: made",
    "201: made",
  ]);
  assert.equal(mesh.requests[1].headers.authorization, "Bearer sesame");
  assert.deepEqual(answers(mesh, "fetch https://example.org/", "fetch nowhere", "fetch https://localhost/b"), [
    "denied",
    "invalid",
    "unavailable",
  ]);
});

test("timers that have still to fire are counted, of the first page", () => {
  const mesh = fresh();
  assert.deepEqual(answers(mesh, "timers", "remind 60 tea", "timers"), ["0", "1"]);
  for (let n = 0; n < 50; n += 1) mesh.mention("remind 60 water");
  assert.deepEqual(answers(mesh, "timers"), ["50"]);
});

test("each way to end an event", () => {
  const mesh = fresh();
  assert.throws(() => mesh.mention("fail it broke"), { name: "HandlerFailed", message: "it broke" });
  assert.deepEqual(mesh.mention("reject not mine"), { reject: "not mine" });
  assert.deepEqual(mesh.mention("retry"), { retryAfter: 100 });
  assert.deepEqual(answers(mesh, "retry"), ["again"]);
  assert.throws(() => mesh.mention("panic"), /RangeError/);
  mesh.fail("message.read", new RateLimitedError(70));
  assert.deepEqual(answers(mesh, "get message_1"), ["rate limited"]);
});

test("random numbers are whole and not the same", () => {
  const [one, other] = answers(fresh(), "random", "random").map(Number);
  assert.ok(Number.isSafeInteger(one) && Number.isSafeInteger(other) && one !== other);
});

test("what is heard besides commands", () => {
  const mesh = fresh();
  mesh.command("measure", "the lake", { arguments: { depth: 3, at: { z: 1, a: [2] } } });
  mesh.command("measure", "", { by: "Bob" });
  mesh.message("hm");
  const [earlier] = mesh.mesh.messages.list(mesh.room("general").id).take(1);
  mesh.edit(earlier, "watch out");
  mesh.edit(earlier, "watching");
  mesh.react("🦆", { by: "Bob" });
  assert.deepEqual(mesh.replies, [
    'Ada called measure with the lake and {"at":{"a":[2],"z":1},"depth":3}',
    "Bob called measure with  and null",
    "edited: out",
    "🦆 by Bob",
  ]);
  mesh.mention("log careful");
  assert.deepEqual(mesh.log, [{ level: "warn", text: "careful" }]);
});
