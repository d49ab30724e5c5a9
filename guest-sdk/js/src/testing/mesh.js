import { readFileSync } from "node:fs";
import { expectBot } from "../bot.js";
import { DeniedError } from "../errors.js";
import { sendTo } from "../log.js";
import { parseManifest } from "../manifest.js";
import { Message } from "../message.js";
import { Runner } from "../runner.js";
import { decide } from "./approvals.js";
import { takeAnswer } from "./calls.js";
import { Delivery } from "./delivery.js";
import { keepFile } from "./files.js";
import { importsOf } from "./imports.js";
import { message } from "./message.js";
import { State } from "./state.js";
import { takeDue } from "./timers.js";

/** How long somebody waits who does not say it. */
const LONGEST_CALL = 30_000;

/** A bot in a small mesh that exists only in memory. */
export class TestMesh {
  #runner;
  #state;
  #delivery;
  #started = false;
  #log = [];

  constructor(bot, { manifest = "bot.toml" } = {}) {
    const read = manifest === null ? null : parseManifest(readFileSync(manifest, "utf8"));
    this.#state = new State(read);
    this.#delivery = new Delivery(read);
    this.#runner = new Runner(expectBot(bot), importsOf(this.#state));
    this.#listen();
  }

  /** A mesh that allows everything and hands everything over, whatever the manifest says. */
  static permissive(bot) {
    return new TestMesh(bot, { manifest: null });
  }

  // --- What the bot may do and knows -----------------------------------------------------------------

  deny(permission, detail) {
    return this.fail(permission, new DeniedError("grant", detail));
  }

  fail(permission, error) {
    this.#state.fail(permission, error);
    return this;
  }

  allow(permission) {
    this.#state.allow(permission);
    return this;
  }

  ask(permission) {
    this.#state.ask(permission);
    return this;
  }

  configure(settings) {
    this.#state.config = structuredClone(settings);
    return this.#started ? this.event("bot-config-changed") : "ack";
  }

  tellSecret(name, value) {
    this.#state.secrets.set(name, value);
    return this;
  }

  respond(url, { status = 200, headers = {}, body = "" } = {}) {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    this.#state.answers.set(url, { status, headers: Object.entries(headers), body: bytes });
    return this;
  }

  answerCalls(answer) {
    this.#state.otherBots = answer;
    return this;
  }

  addFile(name, content, { room = "general" } = {}) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    return keepFile(this.#state, this.#state.room(room).id, name, bytes);
  }

  room(name) {
    return structuredClone(this.#state.room(name));
  }

  // --- What happens ----------------------------------------------------------------------------------

  start() {
    if (this.#started) return;
    this.#listen();
    this.#runner.start();
    this.#started = true;
  }

  restart() {
    this.#started = false;
    this.start();
  }

  mention(text, said = {}) {
    return this.#say(`@bot ${text}`, true, said);
  }

  message(text, said = {}) {
    return this.#say(text, false, said);
  }

  edit(earlier, text) {
    const kept = this.#state.find(this.#state.messages, earlier.id ?? earlier);
    Object.assign(kept, { text, revision: kept.revision + 1, editedAt: this.#state.now });
    return this.event("message-edited", kept, { by: kept.author.name });
  }

  react(emoji, { by = "Ada", on, removed = false } = {}) {
    const { id, roomId } = on ?? this.#state.messages.at(-1) ?? this.#state.keep(this.#draft("hello", {}));
    return this.event(removed ? "reaction-removed" : "reaction-added", { roomId, messageId: id, emoji }, { by });
  }

  press(action, { by = "Ada", values = null } = {}) {
    const message = this.posts.findLast(({ actions }) => actions.some(({ id }) => id === action));
    if (message === undefined) throw new Error(`no message of the bot has the button \`${action}\``);
    const { value } = message.actions.find(({ id }) => id === action);
    const press = {
      message: { ...message },
      actionId: action,
      value,
      values: values === null ? null : JSON.stringify(values),
      hops: 0,
    };
    return this.event("message-acted", press, { by });
  }

  command(name, text = "", { by = "Ada", room = "general", arguments: given = null, hops = 0 } = {}) {
    this.#delivery.expectCommand(name);
    const invocation = {
      command: name,
      text,
      arguments: given === null ? null : JSON.stringify(given),
      roomId: this.#state.room(room).id,
      replyHandle: this.#state.id("cmdcall"),
      hops,
    };
    return this.event("command-invoked", invocation, { by });
  }

  call(method, input = null, { by = "Ada", hops = 0 } = {}) {
    const callId = this.#state.id("botcall");
    const deadline = this.#state.now + LONGEST_CALL;
    const outcome = this.event("bot-called", { callId, method, input: JSON.stringify(input), hops, deadline }, { by });
    if (outcome !== "ack") throw new Error(`the bot asks for this call again or never: ${JSON.stringify(outcome)}`);
    return takeAnswer(this.#state, callId);
  }

  decide(approvalId, state = "approved", { choice = null, by = "Ada" } = {}) {
    const { approval, status } = decide(this.#state, approvalId, state, choice);
    const { room_id: roomId, held } = approval;
    return this.event(
      "approval-decided",
      { approvalId, roomId, operation: held?.operation ?? null, state, choice, status },
      { by },
    );
  }

  advance(ms) {
    const until = this.#state.now + ms;
    const outcomes = [];
    for (let due = takeDue(this.#state, until); due; due = takeDue(this.#state, until)) {
      this.#state.now = due.at;
      outcomes.push(this.event("timer-fired", { timerId: due.id, roomId: due.room, dueAt: due.at, data: due.data }));
    }
    this.#state.now = until;
    return outcomes;
  }

  event(type, data, { by = "Ada" } = {}) {
    this.#delivery.expectHeard(type, data);
    this.start();
    this.#listen();
    const payload = data === undefined ? { tag: type } : { tag: type, val: structuredClone({ ...data }) };
    const event = {
      stream: "test",
      seq: this.#state.next(),
      at: this.#state.now,
      actor: this.#state.actor(by),
      payload,
    };
    return outcomeOf(this.#runner.onEvent(event));
  }

  // --- What came of it -------------------------------------------------------------------------------

  get posts() {
    const { messages, me } = this.#state;
    return messages
      .filter(({ author }) => author.id === me.id)
      .map((kept) => new Message(structuredClone({ ...kept })));
  }

  get replies() {
    return this.posts.map(({ text }) => text);
  }

  get reactions() {
    return structuredClone(this.#state.reactions);
  }

  get approvals() {
    return this.#state.approvals.map(({ approval }) => structuredClone(approval));
  }

  get requests() {
    return structuredClone(this.#state.requests);
  }

  get files() {
    return this.#state.files.map(({ bytes, ...file }) => ({ ...file, text: new TextDecoder().decode(bytes) }));
  }

  get log() {
    return [...this.#log];
  }

  stored(key) {
    const found = this.#state.kv.get(key);
    return found && JSON.parse(new TextDecoder().decode(found.bytes));
  }

  store(key, value) {
    this.#state.kv.set(key, { bytes: new TextEncoder().encode(JSON.stringify(value)), version: this.#state.next() });
  }

  get bot() {
    return this.#runner.bot;
  }

  get mesh() {
    return this.#runner.mesh;
  }

  #say(text, mentionsMe, said) {
    const kept = this.#state.keep(this.#draft(text, { ...said, mentionsMe }));
    return this.event("message-created", kept, { by: kept.author.name });
  }

  #draft(text, { by = "Ada", room = "general", thread = null, trust = "local", hops = 0, mentionsMe = false }) {
    const author = this.#state.actor(by);
    return {
      ...message(text, { roomId: this.#state.room(room).id, threadId: thread, author, trust, hops, mentionsMe }),
    };
  }

  // Lines go to the mesh whose bot is at work, also when a test has several.
  #listen() {
    sendTo((level, text) => this.#log.push({ level, text }));
  }
}

function outcomeOf({ tag, val }) {
  if (tag === "retry-after") return { retryAfter: val };
  return tag === "reject" ? { reject: val } : "ack";
}
