"""Bots of a mesh in memory that ask each other."""

from __future__ import annotations

import json

from .._json import write
from ..errors import NotFound
from .state import State


class CallCalls:
    """Questions to other bots, and answers of this one."""

    state: State

    def bot_call(self, bot: str, method: str, input: str, timeout_ms: int | None) -> str:
        self.state.permit("command.invoke")
        if self.state.other_bots is None:
            raise NotFound(bot)
        return write(self.state.other_bots(bot, method, json.loads(input)))

    def bot_call_answer(self, call: str, answer: str | None, failure: str) -> None:
        self.state.permit("bot.state")
        self.state.call_answers[call] = answer, failure
