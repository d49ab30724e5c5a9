"""What a mesh consists of. All of it is plain data; times are in UTC and know it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

_IN_HANDLE = "abcdefghijklmnopqrstuvwxyz0123456789_.-"


@dataclass(frozen=True)
class Actor:
    """Who does something."""

    id: str
    kind: str
    """`person`, `bot`, `remote` or `server`."""
    name: str
    """The display name in this mesh."""


@dataclass(frozen=True)
class ReactionCount:
    """How often an emoji is on a message."""

    emoji: str
    count: int
    mine: bool


@dataclass(frozen=True)
class Attachment:
    """A file that a message shows; `mesh.files` has its bytes."""

    id: str
    name: str
    media_type: str
    """By its first bytes, such as `image/png`; never what somebody says it is."""
    size: int
    """In bytes."""


@dataclass(frozen=True)
class Action:
    """A button under a message."""

    id: str
    """Its name in the message: 1 to 64 of `a-z`, `0-9`, `_` and `-`."""
    label: str
    """What stands on it: 1 to 80 characters."""
    style: str = "plain"
    """`plain`, `primary` or `danger`."""
    value: str | None = None
    """What its author is told with it; at most 2,000 bytes."""


@dataclass(frozen=True)
class Message:
    """A message, as it is now."""

    id: str
    room_id: str
    thread_id: str | None
    """The thread this message replies in."""
    reply_to: str | None
    author: Actor
    text: str
    """CommonMark. Empty when `redacted`."""
    created_at: datetime
    edited_at: datetime | None
    revision: int
    """Rises by one with every change; the first is 1."""
    seq: int
    """Position in the room's stream."""
    trust: str
    """`owner`, `local`, `federated` or `untrusted`: written by the server, never by the author."""
    hops: int
    """How many bots stand between this message and the person who caused it."""
    mentions_me: bool
    redacted: bool
    """The text was deleted or hidden after the event was written."""
    reactions: list[ReactionCount] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    """Those that it shows."""
    streaming: bool = False
    """Its author is still writing it."""
    actions: list[Action] = field(default_factory=list)
    """Its buttons."""

    @property
    def thread_to_reply_in(self) -> str:
        """Its thread, or else the one under it, which the first message that is posted there opens."""
        return self.thread_id or self.id.replace("msg_", "thread_", 1)

    @property
    def text_without_mention(self) -> str:
        """The text without the handle it begins with, and without the colon or comma after it.

        A handle is `@` and then `a` to `z`, `0` to `9`, `_`, `.` or `-`. Only one at the very beginning is taken off,
        whosever it is; a text that begins otherwise comes back as it is, stripped.

        >>> from mesh_bot.testing import message
        >>> message("@echo: hello @ada").text_without_mention
        'hello @ada'
        >>> message("hello @echo").text_without_mention
        'hello @echo'
        """
        return _without_mention(self.text.strip())


@dataclass(frozen=True)
class Member:
    """A person or bot of the mesh."""

    id: str
    actor: Actor
    handle: str
    role: str
    """`creator`, `admin`, `moderator`, `bot`, `member`, `guest` or `pending`."""
    joined_at: datetime


@dataclass(frozen=True)
class Room:
    """A room."""

    id: str
    mesh_id: str
    name: str
    slug: str
    purpose: str
    kind: str
    """`chat`, `announcement` or `direct`."""
    join_rule: str
    """`public`, `request`, `team`, `private` or `direct`."""
    archived: bool
    my_role: str | None
    """This bot's room role: `owner`, `moderator`, `participant` or `read_only`."""
    member_count: int


@dataclass(frozen=True)
class RoomMember:
    """Somebody in a room."""

    room_id: str
    member: Member
    room_role: str


@dataclass(frozen=True)
class Thread:
    """A thread of a room."""

    id: str
    room_id: str
    root_id: str
    """The message it began with."""
    title: str
    resolved: bool
    locked: bool
    reply_count: int
    last_reply_at: datetime | None


@dataclass(frozen=True)
class File:
    """A file of a room."""

    id: str
    room_id: str
    name: str
    media_type: str
    """By its first bytes, such as `image/png`; never what somebody says it is."""
    size: int
    """In bytes."""
    created_at: datetime


@dataclass(frozen=True)
class Identity:
    """Who this bot is."""

    actor: Actor
    member_id: str
    mesh_id: str
    role: str


@dataclass(frozen=True)
class MeshInfo:
    """Name and description of a mesh."""

    id: str
    name: str
    slug: str
    description: str


@dataclass(frozen=True)
class Entry:
    """A key in the bot's store."""

    key: str
    size: int
    """Of the value, in bytes."""
    version: int


def _without_mention(text: str) -> str:
    if not text.startswith("@"):
        return text
    rest = text[1:].lstrip(_IN_HANDLE)
    if len(rest) == len(text) - 1 or rest[:1].isalnum():
        return text
    return rest[1:].lstrip() if rest.startswith((":", ",")) else rest.lstrip()
