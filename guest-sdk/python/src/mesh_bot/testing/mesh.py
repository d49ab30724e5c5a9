"""A bot in a small mesh that exists only in memory."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from .._json import write
from ..bot import Bot
from ..errors import Denied, Failed, MeshError
from ..events import (
    Ack,
    Call,
    Command,
    ConfigChanged,
    Decision,
    Event,
    MessageCreated,
    MessageEdited,
    Outcome,
    Payload,
    Press,
    Reaction,
    TimerFired,
)
from ..host import OutboundResponse
from ..logs import MeshLogHandler
from ..manifest import Manifest
from ..mesh import Mesh
from ..models import File, Message, Room
from ..runner import Runner
from .people import tick
from .state import Sent, State
from .talk import add_file
from .world import World

B = TypeVar("B", bound=Bot)


class TestMesh(Generic[B]):
    """A bot in a small mesh that exists only in memory.

    The mesh has one room, `general`, with the bot and a person called Ada in it; more people and rooms appear when they
    are named. The bot starts before its first event. It may do what its `bot.toml` asks for and nothing else, so a
    capability that was forgotten shows in the tests.

        test = TestMesh(MyBot)
        test.mention("hi", by="Bob", room="kitchen")
        assert test.replies == ["hello, Bob"]

    Whatever hands the bot an event gives its outcome, and raises `HandlerFailed` where the mesh would count a failure.
    What is left out raises `Unavailable`. Resource patterns of a manifest are not known: a capability counts for
    everything.
    """

    __test__ = False  # Its name does not make it a test for pytest.

    def __init__(self, bot: type[B], *, manifest: str | Path | None = None) -> None:
        """A mesh that grants what the manifest asks for: the file `manifest`, or else the nearest `bot.toml` in the
        folder of the bot's module and those above it."""
        self._set_up(bot, Manifest.read(_manifest_of(bot) if manifest is None else Path(manifest)))

    @classmethod
    def permissive(cls, bot: type[B]) -> TestMesh[B]:
        """A mesh that allows everything and reads no manifest."""
        test = cls.__new__(cls)
        test._set_up(bot, None)
        return test

    def _set_up(self, bot: type[B], manifest: Manifest | None) -> None:
        world = World()
        world.state = self._state = State(manifest)
        self._host = world
        self._runner = Runner(bot, world)
        self._started = False

    # --- What the bot may do and knows ---

    def deny(self, permission: str, detail: str) -> None:
        """Refuses a permission from now on; `detail` is the sentence the bot gets to see."""
        self.fail(permission, Denied("grant", detail))

    def fail(self, permission: str, error: MeshError) -> None:
        """Answers every call that needs a permission with an error from now on, such as `Pending("approval_1")`."""
        self._state.failing[permission] = error

    def allow(self, permission: str) -> None:
        """Allows a permission from now on, whether the manifest asks for it or not."""
        self._state.failing.pop(permission, None)
        self._state.granted.add(permission)

    def configure(self, settings: Mapping[str, Any]) -> Outcome:
        """Gives the bot settings, and tells it so if it has started."""
        self._state.config = write(dict(settings))
        return self.event(ConfigChanged()) if self._started else Ack()

    def tell_secret(self, name: str, value: str) -> None:
        """Enters a secret, as a person would."""
        self._state.secrets[name] = value

    def answer(
        self, url: str, *, status: int = 200, body: str | bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        """Says what the bot is answered when it fetches this URL. What it has sent is in `sent`."""
        data = body.encode() if isinstance(body, str) else body
        self._state.answers[url] = OutboundResponse(status, list((headers or {}).items()), data)

    def answer_calls(self, answer: Callable[[str, str, Any], Any]) -> None:
        """Answers what the bot asks other bots, given the bot, the method and the input. What it raises is raised where
        the bot asks: `Failed` for what the other bot says in place of an answer, `NotFound` if there is no such bot,
        which is so for all of them without this."""
        self._state.other_bots = answer

    # --- What happens to it ---

    def start(self) -> None:
        """Starts the bot if it has not started; events do this by themselves."""
        if not self._started:
            with self._logging():
                self._runner.start()
            self._started = True

    def restart(self) -> None:
        """Ends the instance and takes a fresh one: attributes are forgotten, what is in the store stays."""
        self._started = False
        self.start()

    def mention(
        self,
        text: str,
        *,
        by: str = "Ada",
        room: str = "general",
        thread: str | None = None,
        trust: str = "local",
        hops: int = 0,
    ) -> Outcome:
        """Somebody mentions the bot, with this text after its handle."""
        return self._say(f"@bot {text}", True, by, room, thread, trust, hops)

    def message(
        self,
        text: str,
        *,
        by: str = "Ada",
        room: str = "general",
        thread: str | None = None,
        trust: str = "local",
        hops: int = 0,
    ) -> Outcome:
        """Somebody says something without mentioning the bot."""
        return self._say(text, False, by, room, thread, trust, hops)

    def edit(self, message: str, text: str) -> Outcome:
        """The author of a message changes its text."""
        changed = self._state.edit(message, text=text)
        return self.event(MessageEdited(changed), by=changed.author.name)

    def react(self, message: str, emoji: str, *, by: str = "Ada", removed: bool = False) -> Outcome:
        """Somebody puts an emoji on a message, or takes it off."""
        found = self._state.find_message(message)
        return self.event(Reaction(found.room_id, message, emoji, self._state.actor(by), removed), by=by)

    def press(self, action: str, *, by: str = "Ada", values: Mapping[str, Any] | None = None) -> Outcome:
        """Somebody presses a button of the bot's newest message that has it."""
        for message in reversed(self.posts):
            for button in message.actions:
                if button.id == action:
                    given = None if values is None else dict(values)
                    return self.event(Press(message, action, button.value, given, self._state.actor(by), 0), by=by)
        raise ValueError(f"no message of the bot has the button {action}")

    def command(
        self,
        name: str,
        text: str = "",
        *,
        arguments: dict[str, Any] | None = None,
        by: str = "Ada",
        room: str = "general",
    ) -> Outcome:
        """Somebody calls one of the bot's slash commands. Raises `ValueError` when `bot.toml` has none of this name."""
        manifest = self._state.manifest
        if manifest is not None and name not in manifest.commands:
            raise ValueError(f"bot.toml has no command `{name}`")
        room_id, handle, actor = self._state.room(room).id, self._state.id("cmdcall"), self._state.actor(by)
        return self.event(Command(name, text, arguments, room_id, actor, handle, 0), by=by)

    def call(self, method: str, input: Any = None, *, by: str = "Ada") -> Any:
        """Somebody asks the bot for something. Gives its answer, and raises `Failed` with what it says in place of
        one."""
        id, deadline = self._state.id("botcall"), tick(self._state.count) + timedelta(seconds=30)
        self.event(Call(id, method, json.loads(write(input)), self._state.actor(by), 0, deadline), by=by)
        if id not in self._state.call_answers:
            raise LookupError("nobody waits for the answer any more")
        answer, failure = self._state.call_answers.pop(id)
        if answer is None:
            raise Failed(failure)
        return json.loads(answer)

    def fire(self, timer: str | None = None) -> Outcome:
        """A timer fires: the one with this id, or else the one that is due first. One that does not repeat is over."""
        timers = self._state.timers
        id = timer or min(timers, key=lambda id: (timers[id]["due_at"], id))
        fired = timers[id] if timers[id]["cron"] else timers.pop(id)
        due_at = tick(self._state.count).fromisoformat(fired["due_at"])
        return self.event(TimerFired(id, fired["room_id"], due_at, fired["data"]), by=self._state.me.name)

    def decide(
        self, approval: str | None = None, state: str = "approved", *, choice: str | None = None, by: str = "Ada"
    ) -> Outcome:
        """A person decides a question: the one with this id, or else the one that was asked first. A call that waits
        for it is not made."""
        waiting = [id for id, asked in self._state.approvals.items() if asked["state"] == "pending"]
        asked = self._state.approvals[approval or waiting[0]]
        asked["state"], asked["choice"] = state, choice
        operation = asked["held"] and asked["held"]["operation"]
        actor = self._state.actor(by)
        return self.event(Decision(asked["id"], asked["room_id"], operation, state, choice, None, actor), by=by)

    def event(self, payload: Payload, *, by: str = "Ada") -> Outcome:
        """Hands the bot any event."""
        self.start()
        seq = self._state.next()
        event = Event("test", seq, tick(seq), self._state.actor(by), payload)
        with self._logging():
            return self._runner.on_event(event)

    # --- What there is afterwards ---

    @property
    def posts(self) -> list[Message]:
        """The messages the bot has posted and not deleted, oldest first."""
        return [message for message in self._state.messages if message.author == self._state.me]

    @property
    def replies(self) -> list[str]:
        """The texts of `posts`."""
        return [message.text for message in self.posts]

    @property
    def messages(self) -> list[Message]:
        """All messages, oldest first."""
        return list(self._state.messages)

    @property
    def reactions(self) -> list[tuple[str, str]]:
        """The reactions the bot has made: message and emoji."""
        return list(self._state.reactions)

    @property
    def timers(self) -> list[dict[str, Any]]:
        """The timers that have still to fire."""
        return list(self._state.timers.values())

    @property
    def questions(self) -> list[str]:
        """What the bot has asked people and nobody has decided."""
        return [asked["question"] for asked in self._state.approvals.values() if asked["state"] == "pending"]

    @property
    def sent(self) -> list[Sent]:
        """The requests the bot has made, as the other side would see them."""
        return list(self._state.sent)

    @property
    def log(self) -> list[tuple[str, str]]:
        """The lines in the bot's log: level and text."""
        return list(self._state.log)

    def stored(self, key: str) -> Any:
        """A value in the bot's store, or None."""
        found = self._state.kv.get(key)
        return None if found is None else json.loads(found[0])

    def store(self, key: str, value: Any) -> None:
        """Puts a value into the bot's store, as an earlier instance would have."""
        self._state.kv[key] = write(value).encode(), self._state.next()

    def file(self, name: str) -> bytes:
        """The bytes of the newest file of this name."""
        for file, data in reversed(self._state.files.values()):
            if file.name == name:
                return data
        raise KeyError(name)

    def add_file(self, name: str, data: bytes, *, room: str = "general") -> File:
        """Puts a file into a room, as a person would."""
        return add_file(self._state, self._state.room(room).id, name, data)

    def room(self, name: str) -> Room:
        """A room by its name; it is made if it is not there, with the bot in it."""
        return self._state.room(name)

    @property
    def bot(self) -> B:
        """The bot itself, to look at its attributes. It is there once it has started."""
        return cast(B, self._runner.bot)

    @property
    def mesh(self) -> Mesh:
        """The handle the bot gets, to call parts of the bot directly."""
        return self._runner.mesh

    def _say(
        self, text: str, mentions_me: bool, by: str, room: str, thread: str | None, trust: str, hops: int
    ) -> Outcome:
        said = self._state.keep(
            text,
            self._state.actor(by),
            self._state.room(room).id,
            thread_id=thread,
            trust=trust,
            hops=hops,
            mentions_me=mentions_me,
        )
        return self.event(MessageCreated(said), by=by)

    @contextmanager
    def _logging(self) -> Iterator[None]:
        """Brings what is logged meanwhile to the bot's log, from level info on as in a component."""
        root, handler = logging.getLogger(), MeshLogHandler(self._host)
        level = root.level
        root.addHandler(handler)
        if level == logging.WARNING:
            root.setLevel(logging.INFO)
        try:
            yield
        finally:
            root.removeHandler(handler)
            root.setLevel(level)


def _manifest_of(bot: type[Bot]) -> Path:
    start = Path(inspect.getfile(bot)).resolve()
    for folder in start.parents:
        if (folder / "bot.toml").is_file():
            return folder / "bot.toml"
    raise FileNotFoundError(f"there is no bot.toml in the folder of {start} or above it")
