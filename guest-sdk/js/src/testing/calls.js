import { FailedError, NotFoundError } from "../errors.js";

export function calls(state) {
  return {
    call: state.gated("command.invoke", "bot.call", (bot, method, input) => call(state, bot, method, input)),
    answer: state.gated("bot.state", "bot_call.answer", (id, answer) => {
      state.callAnswers.set(id, answer);
    }),
  };
}

/** Takes out what the bot answered, or throws what it said in place of that. */
export function takeAnswer(state, id) {
  const answer = state.callAnswers.get(id);
  if (answer === undefined) throw new Error("nobody waits for the answer any more");
  state.callAnswers.delete(id);
  if (answer.tag === "err") throw new FailedError(answer.val);
  return JSON.parse(answer.val);
}

function call(state, bot, method, input) {
  try {
    const answer = state.otherBots?.(bot, method, JSON.parse(input));
    if (answer === undefined) throw new NotFoundError(bot);
    return { tag: "ok", val: JSON.stringify(answer) };
  } catch (error) {
    if (error instanceof FailedError) return { tag: "err", val: error.message };
    throw error;
  }
}
