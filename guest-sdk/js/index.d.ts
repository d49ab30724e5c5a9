/**
 * Write bots for The Mesh in JavaScript or TypeScript.
 *
 * ```js
 * import { defineBot } from "mesh-bot";
 *
 * export default defineBot({
 *   onMention(mention, mesh) {
 *     mesh.reply(mention, `echo: ${mention.textWithoutMention}`);
 *   },
 * });
 * ```
 *
 * What a bot may rely on:
 *
 * - Events of one room come one at a time and in order.
 * - Memory is a cache. The mesh may drop an instance whenever no event is being handled; what must last goes to
 *   {@link Mesh.kv}.
 * - An event may come twice, after a crash for instance. A call that writes takes effect once for each event,
 *   counted in the order of the calls: let what a handler writes follow from the event.
 * - A refusal is an answer: it is a {@link DeniedError}, and says what would have to change.
 * - Every call answers at once. Handlers are not async.
 */

/** A TypeID, such as `room_01h455vb4pex5vsknk084sn02q`. */
export type Id = string;

/** Milliseconds since the Unix epoch, UTC, as `Date.now()` gives them. */
export type Timestamp = number;

/** Something that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

// --- Bots ----------------------------------------------------------------------------------------------

/** What a handler may give: anything but a promise, since nobody waits for one. It is not looked at. */
export type Handled = void | undefined | null | boolean | number | string | (object & { readonly then?: never });

/** What {@link Handlers.onCall} gives: something that JSON can hold. Nothing is `null`. */
export type Answer = void | undefined | null | boolean | number | string | (object & { readonly then?: never });

/** What a bot does. It has only the handlers it needs. See {@link MeshError} for what happens when one throws. */
export interface Handlers {
  /** Runs once in each instance, before its first event. An error stops the bot. */
  start?(mesh: Mesh): Handled;
  /**
   * A message that mentions this bot. Without this handler it is a message like any other. One that came bit by bit
   * comes once, when it is complete.
   */
  onMention?(mention: Message, mesh: Mesh): Handled;
  /** A message that does not mention this bot. Only bots that hear everything get those. */
  onMessage?(message: Message, mesh: Mesh): Handled;
  /** A message whose text changed; it is the new revision. */
  onEdit?(message: Message, mesh: Mesh): Handled;
  /** An emoji was put on a message or taken off it. */
  onReaction?(reaction: Reaction, mesh: Mesh): Handled;
  /** Somebody pressed a button under a message of this bot. Its buttons stay until the bot changes the message. */
  onAction?(press: Press, mesh: Mesh): Handled;
  /** One of the bot's slash commands was called. Answer with a message in its room. */
  onCommand?(command: Command, mesh: Mesh): Handled;
  /**
   * Somebody asks this bot for something and waits: what it returns is the answer, and whatever it throws is told to
   * whoever asked. Needs `bot.state`.
   */
  onCall?(call: Call, mesh: Mesh): Answer;
  /** One of the bot's timers has fired. */
  onTimer?(timer: TimerFired, mesh: Mesh): Handled;
  /** A question that the bot asked, or a call that it had to ask about, was decided. */
  onDecision?(decision: Decision, mesh: Mesh): Handled;
  /** The bot's settings changed; read them again with {@link Mesh.config}. */
  onConfigChanged?(mesh: Mesh): Handled;
  /**
   * Everything else: deletions, threads, people and rooms that come and go, changed rights, gaps, and what later
   * versions of the mesh may send.
   */
  onEvent?(event: Event, mesh: Mesh): Handled;
}

/** A bot; the default export of its main module. */
export interface Bot<Instance extends object = object> {
  /** Makes the handlers of one instance. */
  create(): Instance;
}

/**
 * Makes a bot of its handlers. A bot that remembers something between events gives a function, which is called once
 * for each instance, so that no two of them share anything:
 *
 * ```js
 * export default defineBot(() => ({
 *   heard: 0,
 *   onMessage() {
 *     this.heard += 1;
 *   },
 * }));
 * ```
 */
export function defineBot<Fields extends object>(
  handlers: () => Fields & Handlers & ThisType<Fields & Handlers>,
): Bot<Fields & Handlers>;
export function defineBot<Fields extends object>(
  handlers: Fields & Handlers & ThisType<Fields & Handlers>,
): Bot<Fields & Handlers>;

// --- Events --------------------------------------------------------------------------------------------

/** Somebody who does something. */
export interface Actor {
  readonly id: Id;
  /** `person`, `bot`, `remote` or `server`. */
  readonly kind: string;
  /** The display name in this mesh. */
  readonly name: string;
}

/** How often an emoji stands on a message. */
export interface ReactionCount {
  readonly emoji: string;
  readonly count: number;
  /** The bot is among them. */
  readonly mine: boolean;
}

/** A file that a message shows; {@link Mesh.files} has its bytes. */
export interface Attachment {
  readonly id: Id;
  readonly name: string;
  /** By its first bytes, such as `image/png`; never what somebody says it is. */
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
}

/** A button under a message. */
export interface Action {
  /** Its name in the message: 1 to 64 of `a-z`, `0-9`, `_` and `-`. */
  readonly id: string;
  /** What stands on it: 1 to 80 characters. */
  readonly label: string;
  /** `plain`, if it is not said, `primary` or `danger`. */
  readonly style?: string;
  /** What its author is told with it; at most 2,000 bytes. */
  readonly value?: string | null;
}

/** A message. */
export class Message {
  constructor(fields: Omit<Message, "textWithoutMention" | "threadToReplyIn">);
  readonly id: Id;
  readonly roomId: Id;
  /** The thread this message replies in. */
  readonly threadId: Id | null;
  readonly replyTo: Id | null;
  readonly author: Actor;
  /** CommonMark. Empty when `redacted`. */
  readonly text: string;
  readonly createdAt: Timestamp;
  readonly editedAt: Timestamp | null;
  /** Rises by one with every change; the first is 1. */
  readonly revision: number;
  /** Position in the room's stream. */
  readonly seq: number;
  /** `owner`, `local`, `federated` or `untrusted`: written by the server, never by the author. */
  readonly trust: string;
  /** How many bots stand between this message and the person who caused it. */
  readonly hops: number;
  readonly mentionsMe: boolean;
  /** The text was deleted or hidden after the event was written. */
  readonly redacted: boolean;
  readonly reactions: readonly ReactionCount[];
  /** The files that it shows. */
  readonly files: readonly Attachment[];
  /** Its author is still writing it. */
  readonly streaming: boolean;
  /** Its buttons. */
  readonly actions: readonly Action[];

  /**
   * The text without the handle it begins with, and without the colon or comma after it.
   *
   * A handle is `@` and then `a` to `z`, `0` to `9`, `_`, `.` or `-`. Only one at the very beginning is taken off,
   * whosever it is; a text that begins otherwise comes back as it is, trimmed.
   */
  readonly textWithoutMention: string;

  /** The thread it is in, or the one under it, which its first reply opens. */
  readonly threadToReplyIn: Id;
}

/** An emoji put on a message or taken off it. */
export interface Reaction {
  readonly roomId: Id;
  readonly messageId: Id;
  readonly emoji: string;
  /** Who reacted. */
  readonly by: Actor;
  /** Taken off rather than put on. */
  readonly removed: boolean;
}

/** Somebody pressed a button under a message of this bot. */
export interface Press {
  /** The message, as it is now. */
  readonly message: Message;
  /** The id of the button. */
  readonly action: string;
  /** What the button carried when it was pressed. */
  readonly value: string | null;
  /** What came along. */
  readonly values: { readonly [name: string]: any } | null;
  /** Who pressed it. */
  readonly by: Actor;
  /** How many bots stand between this press and the person who caused it. */
  readonly hops: number;
}

/** A slash command of this bot that somebody called in a room. */
export interface Command {
  /** What the manifest calls it. */
  readonly name: string;
  /** What stood behind it, as it was typed. */
  readonly text: string;
  /** Its arguments by name; they fit the command's schema. Null when it was only typed. */
  readonly arguments: { readonly [name: string]: any } | null;
  /** The room to answer in. */
  readonly roomId: Id;
  /** Who called it. */
  readonly by: Actor;
  /** Names the call; whoever called was told the same one. */
  readonly replyHandle: Id;
  /** How many bots stand between this call and the person who caused it. */
  readonly hops: number;
}

/** What somebody asks this bot for and waits for, 30 s at most. */
export interface Call {
  /** Names it. */
  readonly id: Id;
  /** What is asked for, in this bot's own words. */
  readonly method: string;
  /** With what. */
  readonly input: any;
  /** Who asks: a person or a bot. */
  readonly by: Actor;
  /** How many bots stand between this call and the person who caused it. */
  readonly hops: number;
  /** Nobody waits any longer than that. */
  readonly deadline: Timestamp;
}

/** A timer of this bot has fired. */
export interface TimerFired {
  readonly timerId: Id;
  readonly roomId: Id | null;
  /** When it was due, which may be a while ago. */
  readonly dueAt: Timestamp;
  /** What the timer carries. */
  readonly data: any;
}

/** What came of a question to people. */
export interface Decision {
  readonly approvalId: Id;
  readonly roomId: Id | null;
  /** The call that waited; null for a plain question. */
  readonly operation: string | null;
  /** `approved`, `rejected`, `cancelled` or `expired`. */
  readonly state: string;
  /** The answer, where there were some to choose from. */
  readonly choice: string | null;
  /** What the call came to, as an HTTP status; null when it was not made. */
  readonly status: number | null;
  /** Who decided. */
  readonly by: Actor;
}

/** What every event has. */
interface EventOf<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data;
  readonly stream: string;
  /** Position in the stream. `stream` and `seq` together are the event's identity. */
  readonly seq: number;
  readonly at: Timestamp;
  /** Who caused it. */
  readonly actor: Actor;
}

/** An event that has no handler of its own; told apart by `type`. */
export type Event =
  | EventOf<"message-deleted", { readonly roomId: Id; readonly messageIds: readonly Id[] }>
  | EventOf<"thread-changed", Thread>
  | EventOf<"room-member-joined", RoomMember>
  | EventOf<"room-member-left", { readonly roomId: Id; readonly memberId: Id; readonly reason: string }>
  | EventOf<"room-opened", Room>
  | EventOf<"room-closed", { readonly roomId: Id; readonly reason: string }>
  | EventOf<"bot-grants-changed", null>
  /** The log no longer reaches back to where the bot stopped. */
  | EventOf<"gap", { readonly stream: string; readonly fromSeq: number; readonly toSeq: number }>
  /** An event this version has no case for. */
  | EventOf<"other", { readonly name: string; readonly data: any }>;

// --- What a mesh has -----------------------------------------------------------------------------------

export interface Member {
  readonly id: Id;
  readonly actor: Actor;
  readonly handle: string;
  /** `creator`, `admin`, `moderator`, `bot`, `member`, `guest` or `pending`. */
  readonly role: string;
  readonly joinedAt: Timestamp;
}

export interface Room {
  readonly id: Id;
  readonly meshId: Id;
  readonly name: string;
  readonly slug: string;
  readonly purpose: string;
  /** `chat`, `announcement` or `direct`. */
  readonly kind: string;
  /** `public`, `request`, `team`, `private` or `direct`. */
  readonly joinRule: string;
  readonly archived: boolean;
  /** The bot's room role: `owner`, `moderator`, `participant` or `read_only`. */
  readonly myRole: string | null;
  readonly memberCount: number;
}

export interface RoomMember {
  readonly roomId: Id;
  readonly member: Member;
  readonly roomRole: string;
}

export interface Thread {
  readonly id: Id;
  readonly roomId: Id;
  readonly rootId: Id;
  readonly title: string;
  readonly resolved: boolean;
  readonly locked: boolean;
  readonly replyCount: number;
  readonly lastReplyAt: Timestamp | null;
}

/** A file of a room. */
export interface File {
  readonly id: Id;
  readonly roomId: Id;
  readonly name: string;
  /** By its first bytes, such as `image/png`; never what somebody says it is. */
  readonly mediaType: string;
  readonly size: number;
  readonly createdAt: Timestamp;
}

/** A key of the bot's store. */
export interface Entry {
  readonly key: string;
  /** Bytes of the value. */
  readonly size: number;
  readonly version: number;
}

/** A value and the version it was read at. */
export interface Versioned<Value> {
  readonly value: Value;
  /** Rises with every write; for {@link Kv.putIfUnchanged}. */
  readonly version: number;
}

/** Who the bot is. */
export interface Identity {
  readonly actor: Actor;
  readonly memberId: Id;
  readonly meshId: Id;
  readonly role: string;
}

export interface MeshInfo {
  readonly id: Id;
  readonly name: string;
  readonly slug: string;
  readonly description: string;
}

/** A list that the mesh gives in pages, fetched as it is walked through. Each page counts as one call. */
export class Pages<Item> implements Iterable<Item> {
  private constructor();
  /** The same list with this many in each page, 1 to 200; 50 if it is not said. */
  limit(entries: number): Pages<Item>;
  /** The first few, fetching no more than is needed. */
  take(most: number): Item[];
  [Symbol.iterator](): Iterator<Item>;
}

// --- The mesh ------------------------------------------------------------------------------------------

/**
 * The mesh a bot is in: everything it can ask for starts here.
 *
 * Every call asks the mesh, which decides each time whether the bot may; nothing is cached here. Every call may throw
 * a {@link MeshError}. Answers that the contract leaves as JSON have the fields of the REST operation named.
 */
export class Mesh {
  private constructor();
  /** Posting, reading, changing and deleting messages, and reactions. */
  readonly messages: Messages;
  /** Threads and what was said in them. */
  readonly threads: Threads;
  /** Rooms and who is in them. */
  readonly rooms: Rooms;
  /** The people and bots of the mesh. */
  readonly members: Members;
  /** The bot's own store, which outlives every instance. */
  readonly kv: Kv;
  /** Files of rooms. */
  readonly files: Files;
  /** The bot's own timers. */
  readonly timers: Timers;
  /** Questions to people. */
  readonly approvals: Approvals;
  /** What the mesh knows about this bot: its state, grants and limits, and why it may not. */
  readonly ownBot: OwnBot;

  /** Answers a message where it stands: in its thread if it is in one, and as a reply to it. Needs `message.post`. */
  reply(to: Message, text: Text, options?: { files?: readonly Id[]; actions?: readonly Action[] }): Message;
  /**
   * Answers a message where it stands, bit by bit: people see the answer while it is written. Needs `message.post` and
   * `message.edit`.
   *
   * ```js
   * const answer = mesh.replyStreaming(mention);
   * for (const word of words) answer.write(`${word} `);
   * answer.finish();
   * ```
   */
  replyStreaming(to: Message): MessageWriter;
  /** Puts an emoji on a message. Needs `message.react`. */
  react(to: Message, emoji: string): void;
  /**
   * Sends an HTTP request to a host that `bot.toml` names under `[egress]`, and gives the answer, whatever its
   * status. Redirects are not followed. Needs `bot.network`.
   */
  fetch(url: string | URL, options?: FetchOptions): Response;
  /**
   * Asks a bot of this mesh for something and waits for its answer, at most 30 s and never longer than whoever asked
   * this bot waits. Needs `command.invoke`.
   *
   * What the other bot says in place of an answer is a {@link FailedError}. A bot that waits handles nothing else
   * meanwhile, unless `bot.toml` gives it several instances.
   *
   * ```js
   * const text = mesh.call(translator, "translate", { text: mention.text });
   * ```
   */
  call<Result = any>(bot: Id, method: string, input?: unknown, options?: { timeoutMs?: number }): Result;
  /** The bot's settings. Secrets are never in them. */
  config<Settings = any>(): Settings;
  /**
   * A secret that `bot.toml` names, as a person entered it; {@link NotFoundError} until then. Needs `bot.state`.
   *
   * The mesh takes it out of the bot's log and of its errors, where it stands there as it is.
   */
  secret(name: string): string;
  /** Who this bot is in the mesh. */
  whoami(): Identity;
  /** Name and description of the mesh. Needs `mesh.read`. */
  about(): MeshInfo;
  /** `role.list`: the roles of the mesh and what each may do. Needs `mesh.read`. */
  roles(): any;
  /** Whether this bot may use a permission on a resource right now. Needs `mesh.read`. */
  may(permission: string, resource: Id): boolean;
  /** Answers up to 100 questions with one call, in their order. Needs `mesh.read`. */
  mayEach(questions: readonly { permission: string; resource: Id }[]): boolean[];
  /** `event.sync`: rooms, unread counts and positions; with the cursor of an earlier answer, everything since. */
  sync(cursor?: string): any;
  /** `docs.ops`: the operations this bot may use. */
  operations(): any;
}

/** CommonMark, at most 64 KiB. Numbers and the like are written out. */
export type Text = string | number | bigint | boolean;

/** A message to be sent. */
export interface Draft {
  room: Id;
  text: Text;
  /** The thread to send it in. */
  thread?: Id | null;
  /** The message that it answers. */
  replyTo?: Id | null;
  /** Files that come along: uploaded by the bot to this room, and not shown by a message yet. At most 10. */
  files?: readonly Id[];
  /** Buttons under it, at most 10; {@link Handlers.onAction} is told when somebody presses one. */
  actions?: readonly Action[];
}

/**
 * A message that people see while it is being written. What is written is sent in pieces that grow with the text, so
 * that a long message takes no more than about fifty calls. A message that gets nothing more for a minute is closed by
 * the mesh.
 *
 * When the event comes again after a crash, the same text goes on where the first try stopped. Where the second try
 * writes something else, the message ends with that.
 */
export class MessageWriter {
  private constructor();
  /** The message as it was posted. */
  readonly message: Message;
  /** Adds text. */
  write(text: Text): this;
  /** Shows what was written up to now. */
  flush(): void;
  /** The message is complete: other bots hear of it now, and people whom it mentions are notified. */
  finish(): void;
}

export interface Messages {
  /** Posts a text to a room. Needs `message.post`. */
  post(room: Id, text: Text): Message;
  /** Posts a message with everything a draft can say. Needs `message.post`. */
  send(draft: Draft): Message;
  /**
   * Posts a message of which more is to come: people see it while it is written. The text of the draft is its
   * beginning. Needs `message.post` and `message.edit`.
   */
  stream(draft: Omit<Draft, "text"> & { text?: Text }): MessageWriter;
  /** One message. Needs `message.read`. */
  get(message: Id): Message;
  /** The messages of a room, newest first. Needs `message.read`. */
  list(room: Id): Pages<Message>;
  /** Changes the text of one of the bot's own messages. Needs `message.edit`. */
  edit(message: Id, text: Text): Message;
  /**
   * Changes the text of one of the bot's own messages, or its buttons (none with an empty list), or both. Needs
   * `message.edit`.
   */
  change(message: Id, change: { text?: Text; actions?: readonly Action[] }): Message;
  /** Presses a button under a message; its author is told, with these values. Needs `message.react`. */
  press(message: Id, action: string, values?: { readonly [name: string]: Json }): void;
  /** Deletes a message. Needs `message.delete`. */
  delete(message: Id): void;
  /** Puts an emoji on a message. Needs `message.react`. */
  react(message: Id, emoji: string): void;
  /** Takes the bot's own emoji off a message. Needs `message.react`. */
  unreact(message: Id, emoji: string): void;
}

/** All of it needs `message.read`. */
export interface Threads {
  get(thread: Id): Thread;
  /** The threads of a room, newest first. */
  list(room: Id): Pages<Thread>;
  /** What was said in a thread, oldest first. */
  replies(thread: Id): Pages<Message>;
}

export interface Rooms {
  /** The rooms this bot can see. Needs `room.read`. */
  list(): Pages<Room>;
  /** One room. Needs `room.read`. */
  get(room: Id): Room;
  /** Makes a room, which the bot then owns. `joinRule` is `public`, `request` or `private`. Needs `room.create`. */
  create(room: { name: string; slug?: string; purpose?: string; joinRule?: string }): Room;
  /** Goes into a room. Needs `room.join`. */
  join(room: Id): void;
  /** Leaves a room. Needs `room.read`. */
  leave(room: Id): void;
  /** Who is in a room. Needs `room.read`. */
  members(room: Id): Pages<RoomMember>;
  /** Brings a member into a room. Needs `room.invite`. */
  addMember(room: Id, member: Id): RoomMember;
  /** Takes a member out of a room. Needs `room.moderate`. */
  removeMember(room: Id, member: Id): void;
  /** `room_event.list`: the events of a room after a position, oldest first. Needs `message.read`. */
  events(room: Id, after: number, limit: number): any;
}

/** All of it needs `member.read`. */
export interface Members {
  /** Everyone this bot can see. */
  list(): Pages<Member>;
  /** One member. */
  get(member: Id): Member;
}

/** The bot's own store: 10 MiB in total, 256 KiB a value. Values are stored as JSON. All of it needs `bot.state`. */
export interface Kv {
  /** The value at a key, or undefined where there is none. */
  get<Value = any>(key: string): Value | undefined;
  /** The value at a key together with its version. */
  getVersioned<Value = any>(key: string): Versioned<Value> | undefined;
  /** Writes a value, whatever was there; gives its version. */
  put(key: string, value: unknown): number;
  /** Writes a value only where there is none; otherwise {@link ConflictError}. */
  putIfAbsent(key: string, value: unknown): number;
  /** Writes a value only if the one stored still has this version; otherwise {@link ConflictError}. */
  putIfUnchanged(key: string, value: unknown, version: number): number;
  /**
   * Changes a value and gives the new one; `change` gets undefined where there is none. Begins again when another
   * writer was faster, so `change` may run more than once.
   *
   * ```js
   * const count = mesh.kv.update("count", (count = 0) => count + 1);
   * ```
   */
  update<Value>(key: string, change: (value: Value | undefined) => Value): Value;
  /** Deletes a key; false when it was not there. */
  delete(key: string): boolean;
  /** The keys with this beginning, in order, with size and version. */
  list(prefix?: string): Pages<Entry>;
  /** The bytes at a key and their version. */
  getBytes(key: string): Versioned<Uint8Array> | undefined;
  /** Writes bytes, whatever was there; gives their version. */
  putBytes(key: string, bytes: Content): number;
}

/** Bytes, or a text that becomes UTF-8. */
export type Content = string | Uint8Array | ArrayBuffer;

/** Files of rooms. They move in pieces of 64 KiB, each of which is a call of the mesh. */
export interface Files {
  /** The files of a room, newest first. Needs `file.read`. */
  list(room: Id): Pages<File>;
  /** What a file is. Needs `file.read`. */
  get(file: Id): File;
  /** The bytes of a file, whole. Needs `file.read`. */
  download(file: Id): Uint8Array;
  /** The bytes of a file in pieces of at most so many, for what should not be in memory whole. Needs `file.read`. */
  chunks(file: Id, most?: number): Iterable<Uint8Array>;
  /** Makes a file; people see it with a message that it is sent with. Needs `file.upload`. */
  upload(room: Id, name: string, content: Content | Iterable<Content>): File;
  /** Begins a file that is written bit by bit. Needs `file.upload`. */
  begin(room: Id, name: string): Upload;
  /** Deletes one of the bot's own files. Needs `file.manage`. */
  delete(file: Id): void;
}

/** A file that is being written. Nobody sees it before it is finished. */
export interface Upload {
  /** Adds bytes. */
  write(content: Content): void;
  /** Makes the file. Only once. */
  finish(): File;
  /** Forgets it, if it is not finished. */
  dispose(): void;
}

/** The bot's own timers, which outlive every instance. All of it needs `bot.state`. */
export interface Timers {
  /** Sets a timer and gives its id. When it fires, {@link Handlers.onTimer} is called. */
  set(timer: NewTimer): Id;
  /** `timer.list`: the timers that have still to fire, the oldest first. */
  list(): Pages<any>;
  /** Ends a timer. */
  cancel(timer: Id): void;
}

/** Either `at`, or `cron`. */
export interface NewTimer {
  /** Fires once, then. Count from the event, as in `message.createdAt + 60_000`: a second try means the same time. */
  at?: Timestamp | Date;
  /** Fires again and again: minute, hour, day of the month, month and day of the week. */
  cron?: string;
  /** The IANA time zone of `cron`, such as `Europe/Berlin`; UTC if it is not said. */
  zone?: string;
  /** The room that it is about; the event keeps its place among those of the room. */
  room?: Id;
  /** Comes back with the event; at most 16 KiB as JSON. */
  data?: unknown;
}

/**
 * Questions to people. What comes of them arrives at {@link Handlers.onDecision}. Needs `approval.request`.
 *
 * Calls that the bot has to ask about ask by themselves and throw {@link PendingError}.
 */
export interface Approvals {
  /** Asks and gives the id of the approval. */
  ask(question: Question): Id;
  /** `approval.get`: how a question of this bot stands. */
  get(approval: Id): any;
  /** `approval.list`: what this bot asked, in one state or in all, newest first. */
  list(state?: string): Pages<any>;
  /** Takes a question back. */
  cancel(approval: Id): any;
}

/** What people are asked. */
export interface Question {
  /** What is asked; may be left out beside an operation. */
  question?: string;
  /** Answers to choose from, 2 to 10; without any it is yes or no. */
  choices?: readonly string[];
  /** The room that it is about. */
  room?: Id;
  /** A call, such as `message.post`, that the mesh makes in the bot's name when somebody agrees. */
  operation?: string;
  /** What it is called with: the input of the REST operation. */
  input?: { readonly [field: string]: unknown };
  /** Seconds until nobody can decide any more; a day if it is not said. */
  expiresInS?: number;
}

/** What the mesh knows about this bot, and about bots. */
export interface OwnBot {
  /** `bot.status`: state, version, last error, lag. */
  status(): any;
  /** `bot.explain`: which layer allows or refuses this bot an operation on a resource. */
  explain(operation: string, resource: Id): any;
  /** `bot_grant.list`: what this bot asked for and what was decided. */
  grants(): any;
  /** `bot_limit.get`: this bot's limits and what it uses of them. */
  limits(): any;
  /** `bot_subscription.get`: which events this bot is handed. Needs `bot.state`. */
  subscription(): any;
  /**
   * `bot_subscription.put`: from now on only these events of those that `bot.toml` subscribes to, and only of these
   * rooms of those the bot is in; what is left out means all. Needs `bot.state`.
   */
  subscribe(chosen?: { events?: readonly string[]; rooms?: readonly Id[] }): any;
  /** `bot.list`: the bots of the mesh. Needs `member.read`. */
  list(): Pages<any>;
  /** `bot.get`: another bot, or this one. Needs `member.read`. */
  get(bot: Id): any;
}

export interface FetchOptions {
  /** `GET` if it is not said. */
  method?: string;
  headers?: { readonly [name: string]: string } | Iterable<readonly [string, string]>;
  /** Headers that end in a secret of the bot, which the mesh puts there and the bot does not see. */
  secrets?: { readonly [header: string]: { prefix?: string; secret: string } };
  body?: Content;
  /** At most, and if it is not said, 30,000. */
  timeoutMs?: number;
}

/** What the other side answered. */
export interface Response {
  readonly status: number;
  /** Whether the status is 200 to 299. */
  readonly ok: boolean;
  readonly headers: readonly (readonly [string, string])[];
  /** At most 8 MiB. */
  readonly body: Uint8Array;
  /** The headers of this name, in any case, joined with commas; null where there is none. */
  header(name: string): string | null;
  /** The body as text. */
  text(): string;
  /** The body, read as JSON. */
  json<Value = any>(): Value;
}

// --- Errors --------------------------------------------------------------------------------------------

/**
 * Why a call of the mesh did not work, with a sentence for people as its message. There is a class for each kind.
 *
 * A handler may let any of these escape, or throw one itself. What the mesh then does:
 *
 * | Handler | Then |
 * |---|---|
 * | returns | the event is done, the next one of the room comes |
 * | throws {@link RateLimitedError} or {@link Retry} | the event comes again after that time |
 * | throws {@link PendingError} | the event is done; the mesh makes the call itself once a person agrees |
 * | throws {@link Reject} | the event goes to the dead letters at once |
 * | throws anything else | a failure: logged, tried again a few times, then dead letters |
 */
export abstract class MeshError extends Error {
  /** The kind of error, in words. */
  readonly kind:
    | "denied"
    | "not found"
    | "invalid"
    | "conflict"
    | "rate limited"
    | "pending"
    | "unavailable"
    | "malformed"
    | "failed";
}

/** The mesh refuses. Nothing happened and nothing was spent. */
export class DeniedError extends MeshError {
  constructor(reason: string, detail?: string);
  readonly kind: "denied";
  /** `role`, `room_role`, `override`, `rank`, `ownership`, `policy`, `grant`, `scope`, `ucan` or `human_only`. */
  readonly reason: string;
  /** A sentence for people: what was refused and what would have to change. */
  readonly detail: string;
}

/** Absent, or not visible to this bot. */
export class NotFoundError extends MeshError {
  constructor(what: string);
  readonly kind: "not found";
  readonly detail: string;
}

/** The input is wrong; asking again changes nothing. */
export class InvalidError extends MeshError {
  constructor(why: string);
  readonly kind: "invalid";
  readonly detail: string;
}

/** The thing is in another state than the call needs, or somebody else was there first. */
export class ConflictError extends MeshError {
  constructor(why: string);
  readonly kind: "conflict";
  readonly detail: string;
}

/** Ask again after this long. */
export class RateLimitedError extends MeshError {
  constructor(retryAfterMs: number);
  readonly kind: "rate limited";
  readonly retryAfterMs: number;
}

/** Held for a person to decide. */
export class PendingError extends MeshError {
  constructor(approvalId: Id);
  readonly kind: "pending";
  readonly approvalId: Id;
}

/** The mesh could not do it now. */
export class UnavailableError extends MeshError {
  constructor(why: string);
  readonly kind: "unavailable";
  readonly detail: string;
}

/** A stored value or an answer does not have the shape the bot expects. */
export class MalformedError extends MeshError {
  constructor(why: string);
  readonly kind: "malformed";
  readonly detail: string;
}

/** Another bot was asked, and says this in place of an answer. */
export class FailedError extends MeshError {
  constructor(why: string);
  readonly kind: "failed";
  readonly detail: string;
}

/** Thrown by a handler that wants this event again, after so many milliseconds. */
export class Retry extends Error {
  constructor(afterMs: number);
  readonly afterMs: number;
}

/** Thrown by a handler that will never handle this event, for this reason. */
export class Reject extends Error {
  constructor(why: string);
  readonly reason: string;
}

// --- Log -----------------------------------------------------------------------------------------------

/**
 * Lines for the bot's log, which its keeper can read. Fields come behind the text: `log.info("hello", { room })`
 * writes `hello room=room_1`. Lines over the mesh's limits are dropped and counted. `console` ends there too.
 */
export namespace log {
  type Fields = { readonly [name: string]: unknown };
  /** What only helps when following every step. */
  function trace(text: unknown, fields?: Fields): void;
  /** What helps to find a fault. */
  function debug(text: unknown, fields?: Fields): void;
  /** What the keeper of the bot may like to know. */
  function info(text: unknown, fields?: Fields): void;
  /** What should be looked into. */
  function warn(text: unknown, fields?: Fields): void;
  /** What did not work. */
  function error(text: unknown, fields?: Fields): void;
}
