import { Approvals } from "./approvals.js";
import { id, list, optionalText, text } from "./arguments.js";
import { OwnBot } from "./bots.js";
import { ask } from "./calls.js";
import { Files } from "./files.js";
import { fetch } from "./http.js";
import { parse, translated } from "./imports.js";
import { Kv } from "./kv.js";
import { Members } from "./members.js";
import { Messages } from "./messages.js";
import { Rooms } from "./rooms.js";
import { Threads } from "./threads.js";
import { Timers } from "./timers.js";

/** The mesh a bot is in: everything it can ask for starts here. */
export class Mesh {
  #imports;

  constructor(imports) {
    this.#imports = translated(imports);
    this.messages = new Messages(this.#imports);
    this.threads = new Threads(this.#imports);
    this.rooms = new Rooms(this.#imports);
    this.members = new Members(this.#imports);
    this.kv = new Kv(this.#imports);
    this.files = new Files(this.#imports);
    this.timers = new Timers(this.#imports);
    this.approvals = new Approvals(this.#imports);
    this.ownBot = new OwnBot(this.#imports);
  }

  reply(to, text, { files = [], actions = [] } = {}) {
    return this.messages.send({ room: to.roomId, thread: to.threadId, replyTo: to.id, text, files, actions });
  }

  replyStreaming(to) {
    return this.messages.stream({ room: to.roomId, thread: to.threadId, replyTo: to.id });
  }

  react(to, emoji) {
    this.messages.react(to.id, emoji);
  }

  fetch(url, options) {
    return fetch(this.#imports, url, options);
  }

  call(bot, method, input = null, options) {
    return ask(this.#imports, bot, method, input, options);
  }

  config() {
    return parse(this.#imports.config.get());
  }

  secret(name) {
    return this.#imports.secrets.read(text(name, "the name of a secret"));
  }

  whoami() {
    return this.#imports.auth.whoami();
  }

  about() {
    return this.#imports.meshes.get();
  }

  roles() {
    return parse(this.#imports.meshes.roleList());
  }

  may(permission, resource) {
    return this.mayEach([{ permission, resource }])[0] ?? false;
  }

  mayEach(questions) {
    return this.#imports.meshes.permissionCheck(
      list(questions, "questions", ({ permission, resource }) => ({
        permission: text(permission, "a permission"),
        resource: id(resource, "a resource"),
      })),
    );
  }

  sync(cursor) {
    return parse(this.#imports.events.sync(optionalText(cursor, "a cursor")));
  }

  operations() {
    return parse(this.#imports.docs.ops());
  }
}
