// Events as handlers get them: flat, with who caused them, and with JSON already read.

import { parse } from "./imports.js";
import { Message } from "./message.js";

export function reactionOf({ actor, payload }) {
  return { ...payload.val, by: actor, removed: payload.tag === "reaction-removed" };
}

export function pressOf({ actor, payload }) {
  const { message, actionId, value, values, hops } = payload.val;
  return {
    message: new Message(message),
    action: actionId,
    value: value ?? null,
    values: optionallyParsed(values),
    by: actor,
    hops,
  };
}

export function commandOf({ actor, payload }) {
  const { command, text, arguments: given, roomId, replyHandle, hops } = payload.val;
  return { name: command, text, arguments: optionallyParsed(given), roomId, by: actor, replyHandle, hops };
}

export function callOf({ actor, payload }) {
  const { callId, method, input, hops, deadline } = payload.val;
  return { id: callId, method, input: parse(input), by: actor, hops, deadline };
}

export function decisionOf({ actor, payload }) {
  return { ...payload.val, by: actor };
}

export function firingOf({ payload }) {
  return { ...payload.val, data: parse(payload.val.data) };
}

/** Any event, for the handler that gets what no other gets. */
export function eventOf({ stream, seq, at, actor, payload: { tag, val } }) {
  const event = { stream, seq, at, actor, type: tag, data: val ?? null };
  if (tag === "other") return { ...event, data: { name: val.name, data: parse(val.data) } };
  return event;
}

function optionallyParsed(json) {
  return json === null || json === undefined ? null : parse(json);
}
