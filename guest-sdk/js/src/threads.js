import { id } from "./arguments.js";
import { pageOfMessages } from "./messages.js";
import { Pages } from "./pages.js";

/** Threads and what was said in them. */
export class Threads {
  #imports;

  constructor(imports) {
    this.#imports = imports;
  }

  get(thread) {
    return this.#imports.messages.threadGet(id(thread, "a thread"));
  }

  list(room) {
    const named = id(room, "a room");
    return new Pages((page) => {
      const { threads, nextCursor } = this.#imports.messages.threadList(named, page);
      return { items: threads, nextCursor };
    });
  }

  replies(thread) {
    const named = id(thread, "a thread");
    return new Pages((page) => pageOfMessages(this.#imports.messages.threadReplies(named, page)));
  }
}
