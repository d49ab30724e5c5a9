import { DeniedError, NotFoundError, PendingError } from "../errors.js";

/** When a test mesh begins. Its clock only moves when something happens. */
const BEGINNING = 1_700_000_000_000;

/** What every bot has over what is its own, without asking. */
const IMPLIED = ["bot.operate", "approval.read"];

/** What there is in a test mesh, and who may do what. */
export class State {
  me = { id: "bot_1", kind: "bot", name: "bot" };
  config = {};
  secrets = new Map();
  rooms = [];
  members = [];
  messages = [];
  reactions = [];
  kv = new Map();
  files = [];
  timers = [];
  approvals = [];
  subscription = { events: null, rooms: null };
  answers = new Map();
  callAnswers = new Map();
  otherBots = null;
  requests = [];

  #manifest;
  #granted;
  #failing = new Map();
  #asking = new Set();
  #count = 0;
  #later = 0;

  /** Without a manifest everything is allowed. */
  constructor(manifest) {
    this.#manifest = manifest;
    this.#granted = manifest && new Set(manifest.capabilities.map(({ permission }) => permission).concat(IMPLIED));
    this.join(this.me, "bot");
    this.actor("Ada");
    this.room("general");
  }

  get now() {
    return BEGINNING + this.#count + this.#later;
  }

  set now(time) {
    this.#later += Math.max(0, time - this.now);
  }

  next() {
    this.#count += 1;
    return this.#count;
  }

  id(kind) {
    return `${kind}_${this.next()}`;
  }

  fail(permission, error) {
    this.#failing.set(permission, error);
  }

  ask(permission) {
    this.#asking.add(permission);
  }

  allow(permission) {
    this.#failing.delete(permission);
    this.#asking.delete(permission);
    this.#granted?.add(permission);
  }

  may(permission) {
    return !this.#failing.has(permission) && (this.#granted?.has(permission) ?? true);
  }

  /** A secret that the bot reads itself. */
  secretToRead(name) {
    const { hosts } = this.#named(name);
    if (hosts.length > 0)
      throw new DeniedError("grant", `\`${name}\` goes into requests to its hosts; the bot does not see it`);
    return this.#entered(name);
  }

  /** A secret on its way to a host. */
  secretToSend(name, host) {
    const { hosts } = this.#named(name);
    if (hosts.length > 0 && !fitsAny(host, hosts)) throw new DeniedError("grant", `\`${name}\` is not for \`${host}\``);
    return this.#entered(name);
  }

  reaches(host) {
    return this.#manifest === null || fitsAny(host, this.#manifest.hosts);
  }

  #named(name) {
    const secret = this.#manifest === null ? {} : this.#manifest.secrets.find((known) => known.name === name);
    if (secret === undefined) throw new DeniedError("grant", `bot.toml does not name the secret \`${name}\``);
    return { hosts: secret.hosts ?? [] };
  }

  #entered(name) {
    const value = this.secrets.get(name);
    if (value === undefined) throw new NotFoundError(name);
    return value;
  }

  /** A function of the mesh that needs a permission, and waits for a person where that is asked of it. */
  gated(permission, operation, call) {
    return (...args) => {
      this.permit(permission);
      if (!this.#asking.has(permission)) return call(...args);
      throw new PendingError(this.hold(operation, () => call(...args)).id);
    };
  }

  permit(permission) {
    const error = this.#failing.get(permission);
    if (error) throw error;
    if (this.#granted?.has(permission) ?? true) return;
    throw new DeniedError("grant", `the manifest does not ask for \`${permission}\``);
  }

  /** A question to people; with a call that is made when they agree. */
  hold(operation, run, { question = "", choices = [], room = null, input = null } = {}) {
    const approval = {
      id: this.id("approval"),
      state: "pending",
      question,
      choices,
      choice: null,
      room_id: room,
      requester: this.me,
      held: operation === null ? null : { operation, input, result: null },
      created_at: new Date(this.now).toISOString(),
    };
    this.approvals.push({ approval, run });
    return approval;
  }

  actor(name) {
    const known = this.members.find(({ actor }) => actor.name === name);
    if (known) return known.actor;
    const actor = { id: this.id("person"), kind: "person", name };
    this.join(actor, "member");
    return actor;
  }

  join(actor, role) {
    const handle = actor.name.toLowerCase().replaceAll(" ", "-");
    this.members.push({ id: `member_${actor.id}`, actor, handle, role, joinedAt: this.now });
  }

  room(name) {
    return this.rooms.find((room) => room.name === name) ?? this.newRoom({ name, myRole: "participant" });
  }

  newRoom({ name, slug, purpose, joinRule = "public", myRole }) {
    const room = {
      id: this.id("room"),
      meshId: "mesh_1",
      name,
      slug: slug ?? name,
      purpose: purpose ?? "",
      kind: "chat",
      joinRule,
      archived: false,
      myRole,
      memberCount: 2,
    };
    this.rooms.push(room);
    return room;
  }

  /** Keeps a message, with an id and a position of its own. */
  keep(fields) {
    const kept = { ...fields, id: this.id("message"), seq: this.next(), createdAt: this.now };
    this.messages.push(kept);
    return kept;
  }

  /** A room the bot is in; what it is not in, it does not see. */
  joined(id) {
    const room = this.find(this.rooms, id);
    if (room.myRole === null) throw new NotFoundError(id);
    return room;
  }

  find(things, id) {
    const found = things.find((thing) => thing.id === id);
    if (found) return found;
    throw new NotFoundError(id);
  }
}

/** Whether a host is one of these: names, or `*.` and a name for everything below it. */
function fitsAny(host, patterns) {
  return patterns.some((pattern) => (pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern));
}
