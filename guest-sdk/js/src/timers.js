import { count, id, json, optionalId, optionalText } from "./arguments.js";
import { parse } from "./imports.js";
import { Pages } from "./pages.js";

/** The bot's own timers, which outlive every instance. */
export class Timers {
  #imports;

  constructor(imports) {
    this.#imports = imports;
  }

  set({ at, cron, zone, room, data = null }) {
    const timer = parse(
      this.#imports.timers.create({
        at: optionalTime(at),
        cron: optionalText(cron, "a cron expression"),
        zone: optionalText(zone, "a time zone"),
        room: optionalId(room, "a room"),
        data: json(data, "a timer's data"),
      }),
    );
    return timer.id;
  }

  list() {
    return new Pages((page) => {
      const { items, next_cursor: nextCursor } = parse(this.#imports.timers.list(page));
      return { items, nextCursor };
    });
  }

  cancel(timer) {
    this.#imports.timers.cancel(id(timer, "a timer"));
  }
}

function optionalTime(at) {
  if (at === undefined || at === null) return null;
  return count(at instanceof Date ? at.getTime() : at, "a time");
}
