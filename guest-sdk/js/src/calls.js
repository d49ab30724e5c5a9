// Bots ask each other: this side asks, and that side answers.

import { id, json, optionalCount, text } from "./arguments.js";
import { ConflictError, FailedError } from "./errors.js";
import { answer, parse } from "./imports.js";

/** Asks another bot and gives its answer. */
export function ask(imports, bot, method, input, { timeoutMs } = {}) {
  const { tag, val } = imports.calls.call(
    id(bot, "a bot"),
    text(method, "a method"),
    json(input, "an input"),
    optionalCount(timeoutMs, "a time to wait", 0xffffffff),
  );
  if (tag === "err") throw new FailedError(val);
  return parse(val);
}

/** Tells whoever asked what the bot answered, or said in place of that: `{ tag, val }`, as the contract has it. */
export function tell(imports, call, answered) {
  try {
    answer(() => imports.calls.answer(call, answered));
  } catch (error) {
    // Nobody waits any more.
    if (!(error instanceof ConflictError)) throw error;
  }
}
