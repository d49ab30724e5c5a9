// Answers whoever mentions it, and remembers how often it was asked.

import { defineBot, log } from "mesh-bot";

export default defineBot({
  onMention(mention, mesh) {
    const asked = mesh.kv.update("asked", (asked = 0) => asked + 1);
    const text = mention.textWithoutMention;
    log.info(`asked for the ${asked}. time`, { room: mention.roomId });
    mesh.reply(mention, `Hello ${mention.author.name}, you said: ${text} (question ${asked})`);
  },
});
