// The official client of Socket.IO, with what its users do.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { io } from "socket.io-client";
import parser from "socket.io-msgpack-parser";
import { Mesh } from "./mesh.mjs";

const WAYS = {
  "long polling": { transports: ["polling"] },
  WebSocket: { transports: ["websocket"] },
  "an upgrade": {},
  MessagePack: { path: "/socket.io/msgpack/", parser },
  "MessagePack by long polling": { path: "/socket.io/msgpack/", parser, transports: ["polling"] },
};

let mesh;
before(async () => (mesh = await Mesh.start()));
after(() => mesh.stop());

function connect(options = {}, auth = { token: mesh.token, protocol: 1 }) {
  return io(mesh.url, { auth, forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 200, ...options });
}

// Waits for something the server says, with its arguments.
const next = (socket, event) => once(socket, event);

for (const [name, options] of Object.entries(WAYS)) {
  test(`connects, asks and hears by ${name}`, async () => {
    const socket = connect(options);
    const [ready] = await next(socket, "ready");
    assert.equal(ready.actor.name, "Ada");
    assert.ok(ready.heads[mesh.stream] >= 1);
    const heard = next(socket, "message.created");
    const input = { room_id: mesh.room, text: `by ${name}`, idempotency_key: name };
    const answer = await socket.timeout(5000).emitWithAck("message.post", input);
    assert.deepEqual([answer.ok, answer.status, answer.data.text], [true, 201, `by ${name}`]);
    const [event] = await heard;
    assert.deepEqual(event.data, answer.data);
    assert.equal(event.stream, mesh.stream);
    // The same key is the same message.
    const again = await socket.timeout(5000).emitWithAck("message.post", input);
    assert.equal(again.data.id, answer.data.id);
    if (name === "an upgrade") assert.equal(socket.io.engine.transport.name, "websocket");
    socket.close();
  });
}

for (const [name, options] of Object.entries(WAYS)) {
  test(`hears a message as it is written by ${name}`, async () => {
    const socket = connect(options);
    await next(socket, "ready");
    const ask = async (...call) => (await socket.timeout(5000).emitWithAck(...call)).data;
    const { id } = await ask("message.post", { room_id: mesh.room, text: "", streaming: true });
    const [delta, completed] = [next(socket, "message.delta"), next(socket, "message.completed")];
    assert.equal((await ask("message.append", { message_id: id, text: "one", offset: 0 })).length, 3);
    const [{ seq, data }] = await delta;
    assert.deepEqual([seq, data], [null, { room_id: mesh.room, message_id: id, offset: 0, text: "one" }]);
    await ask("message.append", { message_id: id, text: " two", offset: 3, final: true });
    assert.equal((await completed)[0].data.text, "one two");
    socket.close();
  });
}

test("errors are acknowledged and disturb nothing", async () => {
  const socket = connect();
  await next(socket, "ready");
  const ask = (...call) => socket.timeout(5000).emitWithAck(...call);
  for (const [call, code] of [
    [["message.post", { room_id: mesh.room, text: "" }], "validation_failed"],
    [["message.post", "no object"], "validation_failed"],
    [["no.such", {}], "not_found"],
    [["auth.register", {}], "not_found"],
    [["message.post", { room_id: mesh.room, text: Buffer.from("bytes") }], "bad_request"],
  ]) {
    const answer = await ask(...call);
    assert.deepEqual([answer.ok, answer.error?.code], [false, code], JSON.stringify(call));
  }
  assert.equal((await ask("room.get", { room_id: mesh.room })).ok, true);
  socket.close();
});

test("who proves nothing is told why", async () => {
  for (const auth of [{}, { token: "mst_nobody" }, { token: mesh.token, protocol: 9 }]) {
    const socket = connect({ reconnection: false }, auth);
    const [error] = await next(socket, "connect_error");
    assert.equal(typeof error.data.code, "string");
    assert.equal(error.data.code, auth.protocol ? "bad_request" : "unauthenticated");
    socket.close();
  }
  const elsewhere = io(`${mesh.url}/elsewhere`, { auth: { token: mesh.token }, forceNew: true, reconnection: false });
  const [error] = await next(elsewhere, "connect_error");
  assert.equal(error.message, "Invalid namespace");
  elsewhere.close();
});

test("a ticket opens one connection", async () => {
  const { ticket } = await mesh.call("POST", "/auth/socket-tickets", {});
  const socket = connect({}, { ticket });
  await next(socket, "ready");
  const second = connect({ reconnection: false }, { ticket });
  const [error] = await next(second, "connect_error");
  assert.equal(error.data.code, "unauthenticated");
  socket.close();
  second.close();
});

test("the end of a session ends its connections", async () => {
  const login = { email: "ada@example.org", password: "correct horse battery staple" };
  const session = await mesh.call("POST", "/auth/login", login, null);
  const socket = connect({}, { token: session.access_token });
  const [ready] = await next(socket, "ready");
  const closing = next(socket, "closing");
  const gone = next(socket, "disconnect");
  await mesh.call("DELETE", `/sessions/${ready.session_id}`);
  assert.equal((await closing)[0].code, "token_revoked");
  assert.equal((await gone)[0], "io server disconnect");
  socket.close();
});

// Follows the room by the rule of the guide and remembers what it saw.
function follow(options) {
  const seen = [];
  let last = 0;
  let wake = () => {};
  const handle = (event) => {
    if (event.stream !== mesh.stream || event.seq === null || event.seq <= last) return;
    assert.equal(event.seq, last + 1, "nothing is skipped");
    last = event.seq;
    seen.push(event);
    wake();
  };
  const auth = (give) => give({ token: mesh.token, protocol: 1, streams: { [mesh.stream]: last } });
  const socket = connect(options, auth);
  socket.onAny((name, event, done) => {
    if (name === "replay") {
      event.events.forEach(handle);
      done();
    } else if (event?.seq) {
      handle(event);
    }
  });
  const until = async (seq) => {
    while (last < seq) await new Promise((resolve) => (wake = resolve));
  };
  return { socket, seen, until };
}

for (const signal of ["SIGKILL", "SIGTERM"]) {
  for (const [name, options] of Object.entries(WAYS)) {
    test(`after ${signal}, ${name} goes on where it was`, { timeout: 60_000 }, async () => {
      const { socket, seen, until } = follow(options);
      await next(socket, "ready");
      for (let n = 0; n < 150; n += 1) await mesh.post(`${n}`);
      const notice = signal === "SIGTERM" && next(socket, "server.notice");
      await mesh.end(signal);
      if (notice) assert.equal((await notice)[0].code, "maintenance");
      await mesh.run();
      for (let n = 0; n < 20; n += 1) await mesh.post(`after ${n}`);
      const head = (await mesh.call("GET", `/rooms/${mesh.room}/events?limit=1`)).head_seq;
      await until(head);
      assert.deepEqual(seen.map((event) => event.seq), Array.from({ length: head }, (_, n) => n + 1));
      socket.close();
    });
  }
}
