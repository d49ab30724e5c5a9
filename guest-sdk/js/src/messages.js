import { id, list, optionalId, text as words } from "./arguments.js";
import { Message } from "./message.js";
import { Pages } from "./pages.js";

/** Posting, reading, changing and deleting messages, and reactions. */
export class Messages {
  #imports;

  constructor(imports) {
    this.#imports = imports;
  }

  post(room, text) {
    return this.send({ room, text });
  }

  send({ room, text, thread, replyTo, files = [] }) {
    return new Message(
      this.#imports.messages.post({
        room: id(room, "a room"),
        text: words(text, "the text"),
        thread: optionalId(thread, "a thread"),
        replyTo: optionalId(replyTo, "a message"),
        files: list(files, "files", id),
      }),
    );
  }

  get(message) {
    return new Message(this.#imports.messages.get(id(message, "a message")));
  }

  list(room) {
    const named = id(room, "a room");
    return new Pages((page) => pageOfMessages(this.#imports.messages.list(named, page)));
  }

  edit(message, text) {
    return new Message(this.#imports.messages.edit(id(message, "a message"), words(text, "the text")));
  }

  delete(message) {
    this.#imports.messages.delete(id(message, "a message"));
  }

  react(message, emoji) {
    this.#imports.messages.reactionAdd(id(message, "a message"), words(emoji, "an emoji"));
  }

  unreact(message, emoji) {
    this.#imports.messages.reactionRemove(id(message, "a message"), words(emoji, "an emoji"));
  }
}

export function pageOfMessages({ messages, nextCursor }) {
  return { items: messages.map((raw) => new Message(raw)), nextCursor };
}
