"""Answers whoever mentions it, and remembers how often it was asked."""

import logging

from mesh_bot import Bot, Message

log = logging.getLogger(__name__)


class MyBot(Bot):
    """The bot; see `sdk/README.md` for what else it can hear and do."""

    def on_mention(self, mention: Message) -> None:
        """Somebody mentions the bot."""
        asked = self.mesh.kv.update("asked", lambda asked: asked + 1, default=0)
        log.info("asked for the %d. time", asked, extra={"room": mention.room_id})
        text = mention.text_without_mention
        self.mesh.reply(mention, f"Hello {mention.author.name}, you said: {text} (question {asked})")
