import { InvalidError } from "../errors.js";
import { paged } from "./paged.js";

/** The most that a timer carries, in bytes of JSON. */
const LARGEST = 16 * 1024;

export function timers(state) {
  return {
    list: state.gated("bot.state", "timer.list", (page) => {
      const { items, nextCursor } = paged(state.timers, page);
      return JSON.stringify({ items: items.map(described), next_cursor: nextCursor });
    }),
    create: state.gated("bot.state", "timer.create", (timer) => {
      if ((timer.at === null) === (timer.cron === null)) throw new InvalidError("a timer has either `at` or `cron`");
      if (timer.zone !== null && timer.cron === null) throw new InvalidError("only `cron` has a time zone");
      if (timer.room !== null) state.joined(timer.room);
      if (new TextEncoder().encode(timer.data).length > LARGEST)
        throw new InvalidError("a timer carries at most 16 KiB");
      const kept = { ...timer, id: state.id("timer"), createdAt: state.now };
      state.timers.push(kept);
      return JSON.stringify(described(kept));
    }),
    cancel: state.gated("bot.state", "timer.cancel", (id) => {
      state.timers.splice(state.timers.indexOf(state.find(state.timers, id)), 1);
    }),
  };
}

/** Takes out the timer that is due next, if one is due until then. Those with `cron` are not computed. */
export function takeDue(state, until) {
  const due = state.timers.filter(({ at }) => at !== null && at <= until).sort((one, other) => one.at - other.at)[0];
  if (due) state.timers.splice(state.timers.indexOf(due), 1);
  return due;
}

function described({ id, at, cron, zone, room, data, createdAt }) {
  return {
    id,
    bot_id: "bot_1",
    room_id: room,
    cron,
    zone,
    data: JSON.parse(data),
    due_at: at === null ? null : new Date(at).toISOString(),
    created_at: new Date(createdAt).toISOString(),
  };
}
