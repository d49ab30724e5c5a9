// The conformance bot: ../README.md says what each command does.

import { defineBot } from "mesh-bot";
import { commands } from "./commands.js";

export default defineBot(() => ({
  heard: 0,
  retried: false,
  greeting: undefined,

  start(mesh) {
    this.greeting = mesh.config().greeting;
  },

  onConfigChanged(mesh) {
    this.greeting = mesh.config().greeting;
  },

  onMention(mention, mesh) {
    const [, name, rest] = /^(\S*)\s*(.*)$/s.exec(mention.textWithoutMention);
    commands[name]?.call(this, { mention, mesh, rest });
  },

  onMessage() {
    this.heard += 1;
  },

  onEdit(message, mesh) {
    if (!message.text.startsWith("watch ")) return;
    mesh.messages.post(message.roomId, `edited: ${message.text.slice("watch ".length)}`);
  },

  onReaction({ roomId, emoji, by, removed }, mesh) {
    if (!removed) mesh.messages.post(roomId, `${emoji} by ${by.name}`);
  },

  onAction({ message, action, value, values, by }, mesh) {
    const text = `${by.name} pressed ${action} with ${value ?? "nothing"} and ${sorted(values)}`;
    mesh.messages.change(message.id, { text, actions: [] });
  },

  onCommand({ name, text, arguments: given, roomId, by }, mesh) {
    mesh.messages.post(roomId, `${by.name} called ${name} with ${text} and ${sorted(given)}`);
  },

  onTimer({ roomId, data }, mesh) {
    mesh.messages.post(roomId, `reminder: ${data.text}`);
  },

  onDecision({ roomId, operation, state }, mesh) {
    if (operation === null) mesh.messages.post(roomId, `it is ${state}`);
  },
}));

/** JSON with the keys of every object in alphabetical order. */
function sorted(value) {
  return JSON.stringify(value, (_, inner) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
