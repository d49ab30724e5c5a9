import { count, id, optionalText, text } from "./arguments.js";
import { parse } from "./imports.js";
import { Pages } from "./pages.js";

/** Rooms and who is in them. */
export class Rooms {
  #imports;

  constructor(imports) {
    this.#imports = imports;
  }

  list() {
    return new Pages((page) => {
      const { rooms, nextCursor } = this.#imports.rooms.list(page);
      return { items: rooms, nextCursor };
    });
  }

  get(room) {
    return this.#imports.rooms.get(id(room, "a room"));
  }

  create({ name, slug, purpose, joinRule = "public" }) {
    return this.#imports.rooms.create({
      name: text(name, "a room's name"),
      slug: optionalText(slug, "a slug"),
      purpose: optionalText(purpose, "a purpose"),
      joinRule: text(joinRule, "a join rule"),
    });
  }

  join(room) {
    this.#imports.rooms.join(id(room, "a room"));
  }

  leave(room) {
    this.#imports.rooms.leave(id(room, "a room"));
  }

  members(room) {
    const named = id(room, "a room");
    return new Pages((page) => {
      const { members, nextCursor } = this.#imports.rooms.roomMemberList(named, page);
      return { items: members, nextCursor };
    });
  }

  addMember(room, member) {
    return this.#imports.rooms.roomMemberAdd(id(room, "a room"), id(member, "a member"));
  }

  removeMember(room, member) {
    this.#imports.rooms.roomMemberRemove(id(room, "a room"), id(member, "a member"));
  }

  events(room, after, limit) {
    const most = count(limit, "a limit", 200);
    return parse(this.#imports.events.roomEventList(id(room, "a room"), count(after, "a position"), most));
  }
}
