"""What there is in a mesh in memory, and who may use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from ..errors import Denied, Invalid, MeshError, NotFound
from ..host import OutboundResponse, Page, PageRequest
from ..manifest import Manifest
from ..models import Actor, File, Member, Message, Room
from .people import member_of, message, tick

T = TypeVar("T")


@dataclass(frozen=True)
class Sent:
    """A request that the bot has made, as the other side would see it."""

    method: str
    url: str
    headers: dict[str, str]
    """By name in small letters, secrets filled in."""
    body: bytes


@dataclass
class State:
    """A mesh with one bot, one person called Ada and one room, `general`."""

    manifest: Manifest | None
    """None allows everything."""
    me: Actor = field(default_factory=lambda: Actor("bot_1", "bot", "bot"))
    granted: set[str] = field(default_factory=set)
    failing: dict[str, MeshError] = field(default_factory=dict)
    config: str = "{}"
    secrets: dict[str, str] = field(default_factory=dict)
    rooms: list[Room] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    reactions: list[tuple[str, str]] = field(default_factory=list)
    kv: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    files: dict[str, tuple[File, bytes]] = field(default_factory=dict)
    timers: dict[str, dict[str, Any]] = field(default_factory=dict)
    approvals: dict[str, dict[str, Any]] = field(default_factory=dict)
    subscription: dict[str, Any] = field(default_factory=lambda: {"events": None, "rooms": None})
    answers: dict[str, OutboundResponse] = field(default_factory=dict)
    other_bots: Callable[[str, str, Any], Any] | None = None
    call_answers: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    """By call: the answer, or what the bot said in place of it."""
    sent: list[Sent] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        if self.manifest is not None:
            self.granted |= self.manifest.permissions
        self.members.append(member_of(self.me, "bot"))
        self.actor("Ada")
        self.room("general")

    def permit(self, permission: str) -> None:
        """Raises unless the bot has the permission."""
        if permission in self.failing:
            raise self.failing[permission]
        if self.manifest is not None and permission not in self.granted:
            raise Denied("grant", f"the manifest does not ask for `{permission}`")

    def may(self, permission: str) -> bool:
        """Whether the bot has the permission."""
        try:
            self.permit(permission)
        except MeshError:
            return False
        return True

    def next(self) -> int:
        """A number that nothing has yet."""
        self.count += 1
        return self.count

    def id(self, kind: str) -> str:
        """An id that nothing has yet."""
        return f"{kind}_{self.next()}"

    def actor(self, name: str) -> Actor:
        """Somebody of this name; they join the mesh if they are new."""
        for known in self.members:
            if known.actor.name == name:
                return known.actor
        actor = Actor(self.id("person"), "person", name)
        self.members.append(member_of(actor, "member"))
        return actor

    def room(self, name: str) -> Room:
        """The room of this name; it is made if it is not there, with the bot in it."""
        for known in self.rooms:
            if known.name == name:
                return known
        return self.new_room(name, name, "", "public", "participant")

    def new_room(self, name: str, slug: str, purpose: str, join_rule: str, my_role: str) -> Room:
        """Makes a room."""
        room = Room(self.id("room"), "mesh_1", name, slug, purpose, "chat", join_rule, False, my_role, 2)
        self.rooms.append(room)
        return room

    def keep(self, text: str, author: Actor, room: str, **fields: Any) -> Message:
        """Keeps a message, with an id and a position of its own."""
        kept = replace(message(text), id=self.id("msg"), room_id=room, author=author, **fields)
        kept = replace(kept, seq=self.next(), created_at=tick(self.count))
        self.messages.append(kept)
        return kept

    def edit(self, id: str, **fields: Any) -> Message:
        """Changes a message, such as its text."""
        return self.change(id, edited_at=tick(self.next()), **fields)

    def change(self, id: str, **fields: Any) -> Message:
        """Changes a message without an edit."""
        old = self.find_message(id)
        new = replace(old, revision=old.revision + 1, **fields)
        self.messages[self.messages.index(old)] = new
        return new

    def find_room(self, id: str) -> Room:
        """The room with this id."""
        return _find(self.rooms, id)

    def my_room(self, id: str) -> Room:
        """The room with this id, if the bot is in it."""
        room = self.find_room(id)
        if room.my_role is None:
            raise NotFound(id)
        return room

    def find_message(self, id: str) -> Message:
        """The message with this id."""
        return _find(self.messages, id)

    def find_member(self, id: str) -> Member:
        """The member with this id."""
        return _find(self.members, id)


class _Known(Protocol):
    @property
    def id(self) -> str: ...


K = TypeVar("K", bound=_Known)


def _find(among: Iterable[K], id: str) -> K:
    for one in among:
        if one.id == id:
            return one
    raise NotFound(id)


def paged(items: Sequence[T], page: PageRequest) -> Page[T]:
    """One page of a list; the cursor is the position to go on from."""
    limit = 50 if page.limit is None else page.limit
    if not 1 <= limit <= 200:
        raise Invalid("a page has 1 to 200 entries")
    try:
        start = int(page.cursor or "0")
    except ValueError:
        raise Invalid("no such cursor") from None
    end = start + limit
    return Page(list(items[start:end]), str(end) if end < len(items) else None)
