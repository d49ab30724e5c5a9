// What a bot learns about itself and its mesh.

import { InvalidError, UnavailableError } from "../errors.js";
import { paged } from "./paged.js";

export function auth(state) {
  return { whoami: () => ({ actor: state.me, memberId: "member_bot_1", meshId: "mesh_1", role: "bot" }) };
}

export function config(state) {
  return { get: () => JSON.stringify(state.config) };
}

export function secrets(state) {
  return {
    read: state.gated("bot.state", "bot_secret.read", (name) => state.secretToRead(name)),
  };
}

export function meshes(state) {
  return {
    get: state.gated("mesh.read", "mesh.get", () => ({ id: "mesh_1", name: "Test", slug: "test", description: "" })),
    roleList: state.gated("mesh.read", "role.list", () => JSON.stringify({ items: [] })),
    permissionCheck: state.gated("mesh.read", "permission.check", (questions) => {
      if (questions.length > 100) throw new InvalidError("at most 100 questions at once");
      return questions.map(({ permission }) => state.may(permission));
    }),
  };
}

export function members(state) {
  return {
    list: state.gated("member.read", "member.list", (page) => {
      const { items, nextCursor } = paged(state.members, page);
      return { members: items, nextCursor };
    }),
    get: state.gated("member.read", "member.get", (id) => state.find(state.members, id)),
  };
}

export function bots(state) {
  const bot = { id: "bot_1", name: "bot", handle: "bot", mesh_id: "mesh_1", member_id: "member_bot_1", state: "ready" };
  const subscription = () => JSON.stringify({ ...state.subscription, offered: [], revision: 1 });
  return {
    list: state.gated("member.read", "bot.list", (page) => {
      const { items, nextCursor } = paged([bot], page);
      return JSON.stringify({ items, next_cursor: nextCursor });
    }),
    get: state.gated("member.read", "bot.get", (id) => JSON.stringify(state.find([bot], id))),
    status: state.gated("bot.operate", "bot.status", () =>
      JSON.stringify({ bot_id: "bot_1", state: "ready", wanted: "running", last_error: null, restarts: 0, lag: 0 }),
    ),
    explain: missing("bot.explain"),
    botGrantList: missing("bot_grant.list"),
    botLimitGet: missing("bot_limit.get"),
    botSubscriptionGet: state.gated("bot.state", "bot_subscription.get", subscription),
    botSubscriptionPut: state.gated("bot.state", "bot_subscription.put", (events, rooms) => {
      state.subscription = { events, rooms };
      return subscription();
    }),
  };
}

export function events() {
  return { sync: missing("event.sync"), roomEventList: missing("room_event.list") };
}

export function docs() {
  return { ops: missing("docs.ops") };
}

function missing(operation) {
  return () => {
    throw new UnavailableError(`the test mesh has no \`${operation}\``);
  };
}
