"""What a bot is."""

from __future__ import annotations

import inspect
from typing import Any

from .errors import Failed
from .events import Call, Command, Decision, Event, Press, Reaction, TimerFired
from .mesh import Mesh
from .models import Message


class Bot:
    """What a bot does: a subclass that writes the methods it needs.

    The object lives as long as its instance, which the mesh may end whenever no event is being handled: treat
    attributes as a cache. See `mesh_bot.errors` for what the mesh does with what a handler raises. A method whose name
    begins with `on_` and that is no handler is an error, so that a slip is found.
    """

    mesh: Mesh
    """The mesh it is in. It is there from `start` on, and not yet in `__init__`."""

    def start(self) -> None:
        """Runs once in each instance, before its first event. An exception stops the bot."""

    def on_mention(self, mention: Message) -> None:
        """A message that mentions this bot. By default it is a message like any other.

        One that came bit by bit comes once, when it is complete."""
        self.on_message(mention)

    def on_message(self, message: Message) -> None:
        """A message that does not mention this bot. Only bots that hear everything get those."""

    def on_edit(self, message: Message) -> None:
        """A message whose text changed; `message` is the new revision."""

    def on_reaction(self, reaction: Reaction) -> None:
        """An emoji was put on a message or taken off it."""

    def on_action(self, press: Press) -> None:
        """Somebody pressed a button under a message of this bot. Its buttons stay until the bot changes the message."""

    def on_command(self, command: Command) -> None:
        """One of the bot's slash commands was called. Answer with a message in its room."""

    def on_call(self, call: Call) -> Any:
        """Somebody asks this bot for something and waits: what it returns is the answer, any JSON value, and what it
        raises is told to whoever asked. Needs `bot.state`."""
        raise Failed(f"this bot does not answer `{call.method}`")

    def on_timer(self, timer: TimerFired) -> None:
        """One of the bot's timers has fired."""

    def on_decision(self, decision: Decision) -> None:
        """A question to people was decided, or ran out of time."""

    def on_config_changed(self) -> None:
        """The bot's settings changed; read them again with `mesh.config()`."""

    def on_event(self, event: Event) -> None:
        """Everything else: deletions, threads, people and rooms that come and go, changed rights, gaps, and what later
        versions of the mesh may send. Look at `event.payload`."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, value in vars(cls).items():
            if name.startswith("on_") and callable(value) and not hasattr(Bot, name):
                raise TypeError(f"{cls.__qualname__}.{name} is no handler of a bot")
            if (name.startswith("on_") or name == "start") and inspect.iscoroutinefunction(value):
                raise TypeError(f"{cls.__qualname__}.{name} is `async`, and handlers are plain functions")
