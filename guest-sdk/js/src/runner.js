import { json } from "./arguments.js";
import { notAsync } from "./bot.js";
import { tell } from "./calls.js";
import { MeshError, PendingError, RateLimitedError, Reject, Retry } from "./errors.js";
import { callOf, commandOf, decisionOf, eventOf, firingOf, pressOf, reactionOf } from "./event.js";
import * as log from "./log.js";
import { Mesh } from "./mesh.js";
import { Message } from "./message.js";

/** Errors whose message is a sentence about what happened; others are known by their name too. */
const IN_WORDS = [MeshError, Retry, Reject];

/** A handler failed. The message is what the mesh gets to know of it. */
export class HandlerFailed extends Error {
  constructor(cause) {
    super(describe(cause), { cause });
    this.name = "HandlerFailed";
  }
}

/** A bot together with the mesh it talks to: what an instance consists of. */
export class Runner {
  #definition;
  #imports;

  constructor(definition, imports) {
    this.#definition = definition;
    this.#imports = imports;
    this.mesh = new Mesh(imports);
    this.bot = null;
  }

  /** Makes the bot anew, so that what an earlier instance knew is forgotten. */
  start() {
    try {
      this.bot = this.#definition.create();
      this.#call("start", this.mesh);
    } catch (error) {
      throw failed(error);
    }
  }

  /** Hands an event over and gives the outcome of the contract; `HandlerFailed` when the bot failed. */
  onEvent(event) {
    try {
      this.#dispatch(event);
      return { tag: "ack" };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  #dispatch(event) {
    const { tag, val } = event.payload;
    switch (tag) {
      case "message-created":
      case "message-completed":
        return this.#onMessage(new Message(val));
      case "message-edited":
        return val.redacted ? undefined : this.#call("onEdit", new Message(val), this.mesh);
      case "reaction-added":
      case "reaction-removed":
        return this.#call("onReaction", reactionOf(event), this.mesh);
      case "message-acted":
        return this.#call("onAction", pressOf(event), this.mesh);
      case "command-invoked":
        return this.#call("onCommand", commandOf(event), this.mesh);
      case "bot-called":
        return this.#onCall(callOf(event));
      case "timer-fired":
        return this.#call("onTimer", firingOf(event), this.mesh);
      case "approval-decided":
        return this.#call("onDecision", decisionOf(event), this.mesh);
      case "bot-config-changed":
        return this.#call("onConfigChanged", this.mesh);
      default:
        return this.#call("onEvent", eventOf(event), this.mesh);
    }
  }

  // One that was deleted before the bot saw it has nothing left to answer.
  #onMessage(message) {
    if (message.redacted) return;
    const mention = message.mentionsMe && this.bot.onMention;
    this.#call(mention ? "onMention" : "onMessage", message, this.mesh);
  }

  // Whoever asked hears of every failure, so the event is done with that.
  #onCall(call) {
    tell(this.#imports, call.id, this.#answerTo(call));
  }

  #answerTo(call) {
    if (!this.bot.onCall) return { tag: "err", val: `this bot does not answer \`${call.method}\`` };
    try {
      return { tag: "ok", val: json(this.#call("onCall", call, this.mesh) ?? null, "an answer") };
    } catch (error) {
      return { tag: "err", val: failed(error).message };
    }
  }

  #call(handler, ...args) {
    const result = this.bot[handler]?.(...args);
    if (typeof result?.then === "function") throw new TypeError(notAsync(handler));
    return result;
  }
}

function outcomeOf(error) {
  if (error instanceof PendingError) return { tag: "ack" };
  if (error instanceof RateLimitedError) return { tag: "retry-after", val: error.retryAfterMs };
  if (error instanceof Retry) return { tag: "retry-after", val: error.afterMs };
  if (error instanceof Reject) return { tag: "reject", val: error.reason };
  throw failed(error);
}

// A slip of the author, such as a TypeError, is hard to find without the place where it happened.
function failed(error) {
  if (isSlip(error) && error.stack) log.debug(error.stack);
  return new HandlerFailed(error);
}

function isSlip(error) {
  return error instanceof Error && !IN_WORDS.some((kind) => error instanceof kind) && error.name !== "Error";
}

function describe(error) {
  try {
    if (!(error instanceof Error)) return String(error);
    return isSlip(error) ? `${error.name}: ${error.message}` : error.message;
  } catch {
    return "something was thrown that cannot be shown";
  }
}
