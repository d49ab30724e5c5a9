import { id, list, text } from "./arguments.js";
import { parse } from "./imports.js";
import { Pages } from "./pages.js";

/** What the mesh knows about this bot, and about bots. */
export class OwnBot {
  #imports;

  constructor(imports) {
    this.#imports = imports;
  }

  status() {
    return parse(this.#imports.bots.status());
  }

  explain(operation, resource) {
    return parse(this.#imports.bots.explain(text(operation, "an operation"), id(resource, "a resource")));
  }

  grants() {
    return parse(this.#imports.bots.botGrantList());
  }

  limits() {
    return parse(this.#imports.bots.botLimitGet());
  }

  subscription() {
    return parse(this.#imports.bots.botSubscriptionGet());
  }

  subscribe({ events, rooms } = {}) {
    const some = (chosen, what, each) => (chosen === undefined || chosen === null ? null : list(chosen, what, each));
    return parse(this.#imports.bots.botSubscriptionPut(some(events, "events", text), some(rooms, "rooms", id)));
  }

  list() {
    return new Pages((page) => {
      const { items, next_cursor: nextCursor } = parse(this.#imports.bots.list(page));
      return { items, nextCursor };
    });
  }

  get(bot) {
    return parse(this.#imports.bots.get(id(bot, "a bot")));
  }
}
