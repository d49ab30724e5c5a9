"""Hands events to a bot and makes an outcome of what it does. Nothing that a bot raises gets further than here."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ._json import write
from .bot import Bot
from .errors import Conflict, Failed, MeshError, Pending, RateLimited, Reject, Retry
from .events import (
    Ack,
    Call,
    Command,
    ConfigChanged,
    Decision,
    Event,
    MessageCompleted,
    MessageCreated,
    MessageEdited,
    Outcome,
    Press,
    Reaction,
    Rejected,
    RetryAfter,
    TimerFired,
)
from .host import Host
from .mesh import Mesh

logger = logging.getLogger("mesh_bot")


class HandlerFailed(Exception):
    """A handler failed; the text is what the mesh is told."""


class Runner:
    """A bot together with the mesh it talks to: what an instance consists of."""

    def __init__(self, bot: type[Bot], host: Host) -> None:
        self._new = bot
        self.mesh = Mesh(host)
        self._bot: Bot | None = None

    @property
    def bot(self) -> Bot:
        if self._bot is None:
            raise HandlerFailed("the bot has not started")
        return self._bot

    def start(self) -> None:
        """Makes the bot and starts it."""
        try:
            self._bot = self._new()
            self._bot.mesh = self.mesh
            self._bot.start()
        except Exception as error:
            raise _failure(error) from error

    def on_event(self, event: Event) -> Outcome:
        """Hands over an event."""
        bot = self.bot
        if isinstance(event.payload, Call):
            call = event.payload
            return _outcome(lambda: self._answer(bot, call))
        return _outcome(lambda: _dispatch(bot, event))

    def _answer(self, bot: Bot, call: Call) -> None:
        """Has the bot answer. Whoever asked hears of every failure, so the event is done with that."""
        answer, failure = None, ""
        try:
            answer = write(bot.on_call(call))
        except Exception as error:
            failure = str(_failure(error))
        try:
            self.mesh._host.bot_call_answer(call.id, answer, failure)
        except Conflict:
            pass  # Nobody waits any more.


def _dispatch(bot: Bot, event: Event) -> None:
    match event.payload:
        case MessageCreated(message) | MessageCompleted(message) | MessageEdited(message) if message.redacted:
            pass  # Deleted before the bot saw it: there is nothing left to answer.
        case MessageCreated(message) | MessageCompleted(message) if message.mentions_me:
            bot.on_mention(message)
        case MessageCreated(message) | MessageCompleted(message):
            bot.on_message(message)
        case MessageEdited(message):
            bot.on_edit(message)
        case Reaction() as reaction:
            bot.on_reaction(reaction)
        case Press() as press:
            bot.on_action(press)
        case Command() as command:
            bot.on_command(command)
        case TimerFired() as timer:
            bot.on_timer(timer)
        case Decision() as decision:
            bot.on_decision(decision)
        case ConfigChanged():
            bot.on_config_changed()
        case _:
            bot.on_event(event)


def _outcome(handle: Callable[[], None]) -> Outcome:
    try:
        handle()
    except Pending:
        return Ack()
    except (RateLimited, Retry) as again:
        return RetryAfter(again.wait)
    except Reject as rejection:
        return Rejected(rejection.reason)
    except Exception as error:
        raise _failure(error) from error
    return Ack()


def _failure(error: Exception) -> HandlerFailed:
    """What went wrong, in a line. Where a surprise came from stands in the log."""
    if isinstance(error, (MeshError, Failed, Retry, Reject)):
        return HandlerFailed(str(error))
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    logger.error("the handler raised an exception", exc_info=(type(error), error, trace))
    text = str(error)
    return HandlerFailed(f"{type(error).__name__}: {text}" if text else type(error).__name__)
