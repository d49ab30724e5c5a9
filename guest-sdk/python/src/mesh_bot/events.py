"""What a bot hears, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .models import Actor, Message, Room, RoomMember, Thread


@dataclass(frozen=True)
class MessageCreated:
    """Somebody said something."""

    message: Message


@dataclass(frozen=True)
class MessageCompleted:
    """A message that came bit by bit has all of its text now."""

    message: Message


@dataclass(frozen=True)
class MessageEdited:
    """The text of a message changed; this is the new revision."""

    message: Message


@dataclass(frozen=True)
class MessageDeleted:
    """Messages were deleted."""

    room_id: str
    message_ids: list[str]


@dataclass(frozen=True)
class Reaction:
    """An emoji was put on a message or taken off it."""

    room_id: str
    message_id: str
    emoji: str
    by: Actor
    removed: bool
    """Taken off rather than put on."""


@dataclass(frozen=True)
class Press:
    """Somebody pressed a button under a message of this bot."""

    message: Message
    """As it is now."""
    action: str
    """The id of the button."""
    value: str | None
    """What the button carried when it was pressed."""
    values: dict[str, Any] | None
    """What came along."""
    by: Actor
    hops: int
    """How many bots stand between this press and the person who caused it."""


@dataclass(frozen=True)
class ThreadChanged:
    """A thread began, or its title or state changed."""

    thread: Thread


@dataclass(frozen=True)
class RoomMemberJoined:
    """Somebody came into a room."""

    room_member: RoomMember


@dataclass(frozen=True)
class RoomMemberLeft:
    """Somebody left a room."""

    room_id: str
    member_id: str
    reason: str


@dataclass(frozen=True)
class RoomOpened:
    """This bot is in a room from now on."""

    room: Room


@dataclass(frozen=True)
class RoomClosed:
    """This bot is not in a room any more."""

    room_id: str
    reason: str


@dataclass(frozen=True)
class Command:
    """Somebody called one of this bot's slash commands. Answer with a message in its room."""

    name: str
    """What `bot.toml` calls it."""
    text: str
    """What stood behind it, as it was typed."""
    arguments: dict[str, Any] | None
    """By name, if they were given so; they fit the command's schema."""
    room_id: str
    by: Actor
    reply_handle: str
    """Names the call; whoever called was told the same one."""
    hops: int
    """How many bots stand between this call and the person who caused it."""


@dataclass(frozen=True)
class Call:
    """Somebody asks this bot for something and waits, 30 seconds at most."""

    id: str
    """Names it."""
    method: str
    """What is asked for, in this bot's own words."""
    input: Any
    """With what."""
    by: Actor
    """Who asks: a person or a bot."""
    hops: int
    """How many bots stand between this call and the person who caused it."""
    deadline: datetime
    """Nobody waits any longer than that."""


@dataclass(frozen=True)
class Decision:
    """What came of a question to people."""

    approval_id: str
    room_id: str | None
    operation: str | None
    """The call that waited; none for a plain question."""
    state: str
    """`approved`, `rejected`, `cancelled` or `expired`."""
    choice: str | None
    """The answer, where there were some to choose from."""
    status: int | None
    """What the call came to, as an HTTP status; none when it was not made."""
    by: Actor


@dataclass(frozen=True)
class TimerFired:
    """A timer of this bot has fired."""

    timer_id: str
    room_id: str | None
    due_at: datetime
    """When it was due, which may be a while ago."""
    data: Any
    """What the timer was made with."""


@dataclass(frozen=True)
class ConfigChanged:
    """The bot's settings changed, or a secret was entered."""


@dataclass(frozen=True)
class GrantsChanged:
    """What the bot may do changed."""


@dataclass(frozen=True)
class Gap:
    """The log no longer reaches back to where the bot stopped: these events will not come."""

    stream: str
    from_seq: int
    to_seq: int


@dataclass(frozen=True)
class Unknown:
    """An event that this version of the SDK has no case for."""

    name: str
    data: Any


Payload = (
    MessageCreated
    | MessageCompleted
    | MessageEdited
    | MessageDeleted
    | Press
    | Reaction
    | ThreadChanged
    | RoomMemberJoined
    | RoomMemberLeft
    | RoomOpened
    | RoomClosed
    | Command
    | Call
    | Decision
    | TimerFired
    | ConfigChanged
    | GrantsChanged
    | Gap
    | Unknown
)


@dataclass(frozen=True)
class Event:
    """Something that happened. `stream` and `seq` together are its identity."""

    stream: str
    seq: int
    """Position in the stream."""
    at: datetime
    actor: Actor
    """Who caused it."""
    payload: Payload


@dataclass(frozen=True)
class Ack:
    """The event is done."""


@dataclass(frozen=True)
class RetryAfter:
    """The event comes again after this time."""

    wait: timedelta


@dataclass(frozen=True)
class Rejected:
    """The event goes to the dead letters."""

    reason: str


Outcome = Ack | RetryAfter | Rejected
"""What a handler came to. Handlers do not return it: they return, or raise `Retry` or `Reject`."""
