/** A mesh in memory, to test a bot on with any test runner. */

import type { Bot, FailedError, File, Id, Mesh, MeshError, Message, Room } from "./index.js";

/** What became of an event: it is done, it shall come again after so many milliseconds, or it never will be handled. */
export type Outcome = "ack" | { retryAfter: number } | { reject: string };

/** A handler failed. The message is what the mesh would log; `cause` is what the handler threw. */
export class HandlerFailed extends Error {
  constructor(cause: unknown);
}

/** Who says something, and where. */
export interface Said {
  /** The name of a person, who joins the mesh if they are new; Ada if it is not said. */
  by?: string;
  /** The name of a room, which is made if it is not there; `general` if it is not said. */
  room?: string;
  /** The id of a thread. */
  thread?: Id;
  /** `owner`, `local`, `federated` or `untrusted`; `local` if it is not said. */
  trust?: string;
  /** How many bots stand behind it. */
  hops?: number;
}

/**
 * A bot in a small mesh that exists only in memory.
 *
 * The mesh has one room, `general`, with the bot and a person called Ada in it; more people and rooms appear when they
 * are named. The bot starts before its first event. It may do what its manifest asks for and nothing else, and is
 * handed what its manifest subscribes to and nothing else, so a line that was forgotten shows in the tests.
 *
 * ```js
 * const mesh = new TestMesh(bot);
 * assert.equal(mesh.mention("hi", { by: "Bob", room: "kitchen" }), "ack");
 * assert.deepEqual(mesh.replies, ["hello, Bob"]);
 *
 * mesh.deny("message.post", "the room is read only");
 * assert.throws(() => mesh.mention("hi"), HandlerFailed);
 * ```
 *
 * What it leaves out throws `UnavailableError`. It does not know the resource patterns of a manifest: a capability
 * counts for everything.
 */
export class TestMesh<Instance extends object = object> {
  /** A mesh that grants everything the manifest asks for: `bot.toml` in the current folder, or the file named. */
  constructor(bot: Bot<Instance>, options?: { manifest?: string | URL | null });
  /** A mesh that allows everything and hands everything over, whatever the manifest says. */
  static permissive<Instance extends object>(bot: Bot<Instance>): TestMesh<Instance>;

  /** Refuses a permission from now on; `detail` is the sentence the bot gets to see. */
  deny(permission: string, detail: string): this;
  /** Answers every call that needs a permission with an error from now on. */
  fail(permission: string, error: MeshError): this;
  /** Allows a permission from now on, whether the manifest asks for it or not. */
  allow(permission: string): this;
  /** Lets every call that needs a permission wait for a person from now on; see {@link TestMesh.decide}. */
  ask(permission: string): this;
  /** Gives the bot settings, and tells it so if it has started. */
  configure(settings: object): Outcome;
  /** Enters a secret, as a person would. */
  tellSecret(name: string, value: string): this;
  /** What another server answers from now on. */
  respond(url: string, answer: { status?: number; headers?: Record<string, string>; body?: string | Uint8Array }): this;
  /**
   * Answers what the bot asks other bots from now on. A bot that is `undefined` for all is not there; a
   * {@link FailedError} is what the other bot says in place of an answer.
   */
  answerCalls(answer: (bot: Id, method: string, input: any) => unknown): this;
  /** A file that somebody uploaded. */
  addFile(name: string, content: string | Uint8Array, options?: { room?: string }): File;
  /** A room by its name; it is made if it is not there, with the bot in it. */
  room(name: string): Room;

  /** Starts the bot if it has not started; events do this by themselves. */
  start(): void;
  /** Ends the instance and takes a fresh one: fields are forgotten, what is in the store stays. */
  restart(): void;
  /** Somebody mentions the bot, with this text after its handle. */
  mention(text: string, said?: Said): Outcome;
  /** Somebody says something without mentioning the bot. */
  message(text: string, said?: Said): Outcome;
  /** Somebody changes what they said. */
  edit(message: Message | Id, text: string): Outcome;
  /** Somebody reacts to a message; to the newest one if it is not said. */
  react(emoji: string, options?: { by?: string; on?: Message; removed?: boolean }): Outcome;
  /** Somebody presses a button of the bot's newest message that has it. */
  press(action: string, options?: { by?: string; values?: object }): Outcome;
  /** Somebody calls one of the bot's slash commands. */
  command(
    name: string,
    text?: string,
    options?: { by?: string; room?: string; arguments?: object; hops?: number },
  ): Outcome;
  /** Somebody asks the bot. Gives its answer, and throws {@link FailedError} for what it says in place of one. */
  call(method: string, input?: unknown, options?: { by?: string; hops?: number }): any;
  /** Somebody decides a question: the call that waited for it is made, and the bot is told. */
  decide(approvalId: Id, state?: string, options?: { choice?: string; by?: string }): Outcome;
  /** Lets time pass; timers with `at` fire when they are due. Those with `cron` are kept and never fire. */
  advance(ms: number): Outcome[];
  /** Hands the bot any event, with data as the contract has it. */
  event(type: string, data?: unknown, options?: { by?: string }): Outcome;

  /** The messages the bot has posted and not deleted, oldest first. */
  readonly posts: Message[];
  /** The texts of `posts`. */
  readonly replies: string[];
  /** The reactions the bot has made. */
  readonly reactions: { messageId: Id; emoji: string }[];
  /** What people were asked, as `approval.get` answers. */
  readonly approvals: any[];
  /** What the bot sent to other servers, as it arrives there: with the secrets. */
  readonly requests: { method: string; url: string; headers: Record<string, string>; body: string }[];
  /** The files of the mesh, with their bytes as text and the message that shows them. */
  readonly files: (File & { text: string; messageId: Id | null })[];
  /** The lines in the bot's log. */
  readonly log: { level: "trace" | "debug" | "info" | "warn" | "error"; text: string }[];
  /** A value in the bot's store. */
  stored(key: string): any;
  /** Puts a value into the bot's store, as an earlier instance would have. */
  store(key: string, value: unknown): void;
  /** The instance, to look at its fields; null before it has started. */
  readonly bot: Instance;
  /** The handle the bot gets, to call parts of the bot directly. */
  readonly mesh: Mesh;
}

/** A message by Ada in the room `room_1`, for functions that need no mesh. */
export function message(text: string, fields?: Partial<Message>): Message;

/** What a `bot.toml` says, as far as a test mesh looks at it. */
export interface Manifest {
  bot: { name: string; version?: string; description?: string; publisher?: string; license?: string };
  hears: "mentions" | "commands" | "all";
  subscribe: string[];
  commands: { name: string }[];
  capabilities: { permission: string; on?: string; reason?: string; required?: boolean }[];
  hosts: string[];
  secrets: { name: string; reason?: string; hosts?: string[] }[];
}

/** Reads a manifest strictly; the error is a sentence about what is wrong. */
export function parseManifest(toml: string): Manifest;
