// The test mesh and the handle of a bot, through what a bot's author sees.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ConflictError,
  defineBot,
  DeniedError,
  InvalidError,
  log,
  MalformedError,
  NotFoundError,
  PendingError,
  RateLimitedError,
  Reject,
  Retry,
  UnavailableError,
} from "mesh-bot";
import { HandlerFailed, message, TestMesh } from "mesh-bot/testing";

/** Writes down what it is given, and fails as it is told. */
const diary = defineBot(() => ({
  seen: [],
  start() {
    this.seen.push("start");
  },
  onMention({ textWithoutMention: text }) {
    this.seen.push(`mention ${text}`);
    if (text === "retry") throw new Retry(2000);
    if (text === "reject") throw new Reject("not mine");
    if (text === "limited") throw new RateLimitedError(70);
    if (text === "pending") throw new PendingError("approval_1");
    if (text === "fail") throw new Error("it broke");
    if (text === "string") throw "a string";
    if (text === "slip") undefined.length;
    if (text === "promise") return Promise.resolve();
  },
  onMessage({ text }) {
    this.seen.push(`message ${text}`);
  },
  onEdit({ text, revision }) {
    this.seen.push(`edit ${text} ${revision}`);
  },
  onReaction({ emoji, by, removed }) {
    this.seen.push(`${emoji} by ${by.name}, removed: ${removed}`);
  },
  onCommand({ name, text, arguments: given, by }) {
    this.seen.push(`${by.name} called ${name} ${text} ${JSON.stringify(given)}`);
  },
  onAction({ action, value, values, by }) {
    this.seen.push(`${by.name} pressed ${action} ${value} ${JSON.stringify(values)}`);
  },
  onConfigChanged() {
    this.seen.push("config");
  },
  onEvent({ type, stream, data }) {
    this.seen.push(`${type} at ${stream} ${JSON.stringify(data)}`);
  },
}));

test("each event has its handler", () => {
  const mesh = TestMesh.permissive(diary);
  assert.equal(mesh.mention("hi"), "ack");
  mesh.message("ho", { by: "Bob" });
  mesh.edit(mesh.mesh.messages.list(mesh.room("general").id).take(1)[0], "hu");
  mesh.react("tada", { removed: true });
  mesh.command("count", "to 3", { arguments: { to: 3 } });
  mesh.event("bot-config-changed");
  mesh.event("bot-grants-changed");
  mesh.event("other", { name: "moon.rose", data: '{"full":true}' });
  mesh.event("message-created", message("", { redacted: true, mentionsMe: true }));
  mesh.event("message-completed", message("@bot at last", { mentionsMe: true }));
  mesh.mesh.messages.send({
    room: mesh.room("general").id,
    text: "Well?",
    actions: [{ id: "yes", label: "Yes", value: 7 }],
  });
  mesh.press("yes", { by: "Bob", values: { why: 1 } });
  assert.throws(() => mesh.press("no"), /no message of the bot/);
  assert.deepEqual(mesh.bot.seen, [
    "start",
    "mention hi",
    "message ho",
    "edit hu 2",
    "tada by Ada, removed: true",
    'Ada called count to 3 {"to":3}',
    "config",
    "bot-grants-changed at test null",
    'other at test {"name":"moon.rose","data":{"full":true}}',
    "mention at last",
    'Bob pressed yes 7 {"why":1}',
  ]);
});

test("each error has its outcome", () => {
  const mesh = TestMesh.permissive(diary);
  assert.deepEqual(mesh.mention("retry"), { retryAfter: 2000 });
  assert.deepEqual(mesh.mention("limited"), { retryAfter: 70 });
  assert.deepEqual(mesh.mention("reject"), { reject: "not mine" });
  assert.equal(mesh.mention("pending"), "ack");
  assert.throws(() => mesh.mention("fail"), new HandlerFailed(new Error("it broke")));
  assert.throws(() => mesh.mention("string"), /^HandlerFailed: a string$/);
  assert.throws(() => mesh.mention("promise"), /`onMention` is async/);
  assert.equal(mesh.log.length, 1, "the TypeError of `promise` has a stack in the log");
  assert.throws(() => mesh.mention("slip"), /TypeError: Cannot read/);
  assert.match(mesh.log[1].text, /onMention.*test-mesh\.test\.js/s);
  assert.equal(mesh.mention("hi"), "ack");
});

test("a mention is a message to a bot without a handler for it", () => {
  const heard = [];
  const mesh = TestMesh.permissive(
    defineBot({ onMessage: ({ textWithoutMention }) => heard.push(textWithoutMention) }),
  );
  mesh.mention("hi");
  mesh.message("ho");
  assert.deepEqual(heard, ["hi", "ho"]);
});

test("a bot that cannot work is refused at once", () => {
  assert.throws(() => defineBot({ onMentoin() {} }), /no handler `onMentoin`/);
  assert.throws(() => defineBot({ onMention: "hi" }), /has to be a function/);
  assert.throws(() => defineBot({ async onMention() {} }), /`onMention` is async/);
  assert.throws(() => TestMesh.permissive({ onMention() {} }), /export default defineBot/);
});

test("a restart forgets fields and keeps the store", () => {
  const mesh = TestMesh.permissive(diary);
  mesh.mention("hi");
  mesh.mesh.kv.put("key", "value");
  mesh.restart();
  assert.deepEqual(mesh.bot.seen, ["start"]);
  assert.equal(mesh.stored("key"), "value");
  const counter = defineBot({
    heard: 0,
    onMessage() {
      this.heard += 1;
    },
  });
  const other = TestMesh.permissive(counter);
  other.message("one");
  other.message("two");
  assert.equal(other.bot.heard, 2);
  other.restart();
  assert.equal(other.bot.heard, 0);
});

test("the store compares and sets", () => {
  const { kv } = TestMesh.permissive(diary).mesh;
  assert.equal(kv.get("n"), undefined);
  assert.equal(
    kv.update("n", (n = 0) => n + 1),
    1,
  );
  assert.throws(() => kv.putIfAbsent("n", 9), ConflictError);
  const { version } = kv.getVersioned("n");
  kv.put("n", 5);
  assert.throws(() => kv.putIfUnchanged("n", 6, version), ConflictError);
  kv.putBytes("broken", Uint8Array.of(1, 2));
  assert.throws(() => kv.get("broken"), MalformedError);
  assert.deepEqual(kv.getBytes("broken").value, Uint8Array.of(1, 2));
  assert.throws(() => kv.putBytes("big", new Uint8Array(300 * 1024)), InvalidError);
  assert.throws(() => kv.put("n", undefined), TypeError);
  assert.deepEqual([kv.delete("n"), kv.delete("n")], [true, false]);
});

test("an update begins again when another was faster", () => {
  const { kv } = TestMesh.permissive(diary).mesh;
  let rivals = 3;
  const sum = kv.update("n", (n = 0) => {
    if (rivals > 0) {
      rivals -= 1;
      kv.put("n", n + 10);
    }
    return n + 1;
  });
  assert.equal(sum, 31);
  let tries = 0;
  const never = (n) => {
    tries += 1;
    kv.put("n", n);
    return n;
  };
  assert.throws(() => kv.update("n", never), ConflictError);
  assert.equal(tries, 8);
});

test("lists are walked page by page", () => {
  const { kv } = TestMesh.permissive(diary).mesh;
  for (let n = 0; n < 7; n += 1) kv.put(`a/${n}`, n);
  kv.put("b", 0);
  const keys = [...kv.list("a/").limit(3)].map(({ key }) => key);
  assert.deepEqual(keys, ["a/0", "a/1", "a/2", "a/3", "a/4", "a/5", "a/6"]);
  assert.deepEqual(
    kv
      .list("a/")
      .take(2)
      .map(({ key }) => key),
    ["a/0", "a/1"],
  );
  assert.deepEqual(kv.list("").take(0), []);
  assert.throws(() => [...kv.list("").limit(0)], InvalidError);
});

test("rights can be taken and given back", () => {
  const test = TestMesh.permissive(diary);
  const room = test.room("general").id;
  const { mesh } = test;
  test.deny("message.post", "the room is read only");
  assert.throws(() => mesh.messages.post(room, "hi"), {
    name: "DeniedError",
    kind: "denied",
    reason: "grant",
    message: "denied by grant: the room is read only",
  });
  assert.equal(mesh.may("message.post", room), false);
  test.allow("message.post");
  assert.equal(mesh.may("message.post", room), true);
  mesh.messages.post(room, "hi");
  test.fail("message.post", new UnavailableError("maintenance"));
  assert.throws(() => mesh.messages.post(room, "hi"), UnavailableError);
  assert.deepEqual(test.replies, ["hi"]);
});

test("rooms and messages are there afterwards", () => {
  const test = TestMesh.permissive(diary);
  const { mesh } = test;
  const room = mesh.rooms.create({ name: "Tea" });
  const posted = mesh.messages.send({ room: room.id, text: "first", thread: "thread_1" });
  assert.equal(mesh.messages.edit(posted.id, "second").revision, 2);
  mesh.react(posted, "tea");
  assert.deepEqual(test.reactions, [{ messageId: posted.id, emoji: "tea" }]);
  assert.deepEqual(
    [...mesh.threads.replies("thread_1")].map(({ text }) => text),
    ["second"],
  );
  assert.equal(mesh.threads.get("thread_1").replyCount, 1);
  mesh.messages.unreact(posted.id, "tea");
  assert.deepEqual(test.reactions, []);
  mesh.messages.delete(posted.id);
  assert.throws(() => mesh.messages.get(posted.id), NotFoundError);
  mesh.rooms.leave(room.id);
  assert.throws(() => mesh.messages.post(room.id, "outside"), NotFoundError);
  assert.throws(() => mesh.messages.post(room, "an object"), TypeError);
  assert.throws(() => mesh.messages.post(test.room("general").id, "x".repeat(64 * 1024 + 1)), InvalidError);
});

test("settings and secrets are what a person entered", () => {
  const test = TestMesh.permissive(diary);
  assert.deepEqual(test.mesh.config(), {});
  assert.throws(() => test.mesh.secret("TOKEN"), NotFoundError);
  test.configure({ greeting: "hi" });
  test.tellSecret("TOKEN", "abc");
  assert.deepEqual([test.mesh.config().greeting, test.mesh.secret("TOKEN")], ["hi", "abc"]);
  test.start();
  test.configure({ greeting: "ho" });
  assert.deepEqual(test.bot.seen, ["start", "config"]);
});

test("files move in pieces", () => {
  const test = TestMesh.permissive(diary);
  const { files, messages } = test.mesh;
  const room = test.room("general").id;
  const file = files.upload(room, "a.txt", ["one, ", Uint8Array.from(Buffer.from("two"))]);
  assert.deepEqual([file.name, file.size, file.mediaType], ["a.txt", 8, "text/plain"]);
  assert.deepEqual(
    [...files.chunks(file.id, 3)].map((chunk) => chunk.length),
    [3, 3, 2],
  );
  assert.equal(new TextDecoder().decode(files.download(file.id)), "one, two");
  const posted = messages.send({ room, text: "here", files: [file.id] });
  const shown = [{ id: file.id, name: "a.txt", mediaType: "text/plain", size: 8 }];
  assert.deepEqual([posted.files, messages.get(posted.id).files], [shown, shown]);
  assert.deepEqual(messages.post(room, "without").files, []);
  assert.throws(() => messages.send({ room, text: "again", files: [file.id] }), ConflictError);
  assert.deepEqual([...files.list(room)], [files.get(file.id)]);
  const upload = files.begin(room, "b.txt");
  upload.write("half");
  upload.dispose();
  assert.equal(test.files.length, 1);
  files.delete(file.id);
  assert.throws(() => files.download(file.id), NotFoundError);
  assert.deepEqual(messages.get(posted.id).files, []);
});

test("timers fire when their time has come", () => {
  const reminder = defineBot({
    onMention(mention, mesh) {
      const at = mention.createdAt + 60_000;
      mesh.timers.set({ at, room: mention.roomId, data: { text: mention.textWithoutMention } });
    },
    onTimer({ roomId, data, dueAt }, mesh) {
      mesh.messages.post(roomId, `${data.text} ${dueAt % 10 >= 0}`);
    },
  });
  const test = TestMesh.permissive(reminder);
  test.mention("tea");
  assert.deepEqual(test.advance(30_000), []);
  assert.deepEqual(test.advance(30_001), ["ack"]);
  assert.deepEqual(test.replies, ["tea true"]);
  assert.throws(() => test.mesh.timers.set({ data: 1 }), InvalidError);
  const id = test.mesh.timers.set({ cron: "0 9 * * 1", zone: "Europe/Berlin" });
  test.mesh.timers.cancel(id);
  assert.deepEqual([...test.mesh.timers.list()], []);
});

test("timers are listed page by page", () => {
  const { timers } = TestMesh.permissive(diary).mesh;
  const made = Array.from({ length: 60 }, (_, n) => timers.set({ at: 2e12 - n, data: n }));
  const ids = (list) => [...list].map(({ id }) => id);
  assert.deepEqual(ids(timers.list()), made);
  assert.deepEqual(ids(timers.list().limit(7)), made);
  assert.deepEqual(ids(timers.list().take(2)), made.slice(0, 2));
  assert.throws(() => [...timers.list().limit(201)], InvalidError);
});

test("people are asked, and the bot hears what they decided", () => {
  const asker = defineBot({
    onMention(mention, mesh) {
      mesh.reply(mention, "done");
    },
    onCommand({ roomId }, mesh) {
      mesh.approvals.ask({ question: "Lunch?", choices: ["soup", "salad"], room: roomId });
    },
    onDecision({ state, choice, operation, status }) {
      log.info("decided", { state, choice, operation, status });
    },
  });
  const test = TestMesh.permissive(asker).ask("message.post");
  assert.equal(test.mention("do it"), "ack");
  assert.deepEqual(test.replies, []);
  assert.equal(test.decide(test.approvals[0].id), "ack");
  assert.deepEqual(test.replies, ["done"]);
  test.command("lunch");
  test.decide(test.approvals[1].id, "approved", { choice: "soup" });
  assert.deepEqual(
    test.log.map(({ text }) => text),
    [
      "decided state=approved choice=null operation=message.post status=200",
      "decided state=approved choice=soup operation=null status=null",
    ],
  );
  assert.throws(() => test.mesh.approvals.cancel(test.approvals[0].id), ConflictError);
  assert.equal([...test.mesh.approvals.list("approved")].length, 2);
});

test("other servers answer what the test says", () => {
  const test = TestMesh.permissive(diary).tellSecret("TOKEN", "abc");
  const url = "https://example.org/a";
  test.respond(url, { status: 404, headers: { "Content-Type": "application/json" }, body: '{"a":1}' });
  const answer = test.mesh.fetch(url, {
    method: "POST",
    headers: { accept: "*/*" },
    secrets: { authorization: { prefix: "Bearer ", secret: "TOKEN" } },
    body: "hello",
  });
  assert.deepEqual(
    [answer.status, answer.ok, answer.json(), answer.header("content-type")],
    [404, false, { a: 1 }, "application/json"],
  );
  assert.deepEqual(test.requests, [
    { method: "POST", url, headers: { accept: "*/*", authorization: "Bearer abc" }, body: "hello" },
  ]);
  assert.throws(() => test.mesh.fetch("http://example.org"), InvalidError);
  assert.throws(() => test.mesh.fetch("https://example.org/b"), UnavailableError);
});

test("log lines have fields", () => {
  const test = TestMesh.permissive(
    defineBot({ onMessage: () => log.warn("3 tries", { room: "room_1", name: "Ada L", nothing: "" }) }),
  );
  test.message("hi");
  assert.deepEqual(test.log, [{ level: "warn", text: '3 tries room=room_1 name="Ada L" nothing=""' }]);
});

test("errors are of their class", () => {
  assert.ok(new DeniedError("role") instanceof Error);
  assert.equal(new DeniedError("role").message, "denied by role");
  assert.throws(() => new Retry(-1), TypeError);
});

test("only a leading handle is taken off", () => {
  for (const [text, without] of [
    ["@echo hello", "hello"],
    ["@echo", ""],
    ["@echo\nhello", "hello"],
    ["@my_bot-2.0, hello", "hello"],
    ["@echo: hello", "hello"],
    ["@echo @echo hello", "@echo hello"],
    ["hello @echo", "hello @echo"],
    ["@ echo", "@ echo"],
    ["@echoÉ hello", "@echoÉ hello"],
    ["@echo-É hello", "@echo-É hello"],
    ["a@echo hello", "a@echo hello"],
    ["", ""],
  ]) {
    assert.equal(message(text).textWithoutMention, without, JSON.stringify(text));
  }
});

test("a message is seen while it is written", () => {
  const test = TestMesh.permissive(diary);
  const answer = test.mesh.replyStreaming(message("hi", { roomId: test.room("general").id }));
  answer.write("one");
  assert.deepEqual(test.replies, [""]);
  answer.flush();
  assert.deepEqual([test.replies, test.posts[0].streaming], [["one"], true]);
  answer.write("👋".repeat(40)).write("\ud83d");
  assert.equal(test.replies[0], `one${"👋".repeat(40)}`);
  answer.flush();
  answer.write("\udc4b").finish();
  assert.deepEqual([test.replies, test.posts[0].streaming], [[`one${"👋".repeat(41)}`], false]);
});

test("what is written last stays", () => {
  const test = TestMesh.permissive(diary);
  const answer = test.mesh.messages.stream({ room: test.room("general").id, text: "one" });
  test.mesh.messages.edit(answer.message.id, "something else");
  answer.write(" two").flush();
  assert.deepEqual(test.replies, ["something else"]);
  answer.finish();
  assert.deepEqual(test.replies, ["one two"]);
});

test("buttons are taken away", () => {
  const test = TestMesh.permissive(diary);
  const { messages } = test.mesh;
  const actions = [{ id: "yes", label: "Yes", style: "primary" }];
  const { id } = messages.send({ room: test.room("general").id, text: "Well?", actions });
  messages.press(id, "yes", { by: "me" });
  assert.throws(() => messages.press(id, "no"), ConflictError);
  assert.equal(messages.change(id, { text: "Now?" }).actions[0].style, "primary");
  const done = messages.change(id, { actions: [] });
  assert.deepEqual([done.text, done.actions], ["Now?", []]);
  assert.throws(() => messages.press(id, "yes"), ConflictError);
  assert.throws(() => messages.change(id, {}), InvalidError);
  const same = [...actions, ...actions];
  assert.throws(() => messages.send({ room: test.room("general").id, text: "Well?", actions: same }), InvalidError);
});
