"""Rooms and members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ._json import parse
from ._pages import walk
from .host import Host, NewRoom
from .models import Member, Room, RoomMember


@dataclass(frozen=True)
class Rooms:
    """Rooms; this is `mesh.rooms`."""

    _host: Host

    def list(self, *, page_size: int | None = None) -> Iterator[Room]:
        """The rooms this bot can see. Needs `room.read`."""
        return walk(self._host.room_list, page_size)

    def get(self, room: str) -> Room:
        """One room. Needs `room.read`."""
        return self._host.room_get(room)

    def create(
        self, name: str, *, join_rule: str = "private", slug: str | None = None, purpose: str | None = None
    ) -> Room:
        """Makes a room, which the bot then owns. Needs `room.create`.

        `join_rule` is `public`, `request` or `private`.
        """
        return self._host.room_create(NewRoom(name, slug, purpose, join_rule))

    def join(self, room: str) -> None:
        """Goes into a room. Needs `room.join`."""
        self._host.room_join(room)

    def leave(self, room: str) -> None:
        """Leaves a room. Needs `room.read`."""
        self._host.room_leave(room)

    def members(self, room: str, *, page_size: int | None = None) -> Iterator[RoomMember]:
        """Who is in a room. Needs `room.read`."""
        return walk(lambda page: self._host.room_member_list(room, page), page_size)

    def add_member(self, room: str, member: str) -> RoomMember:
        """Brings a member into a room. Needs `room.invite`."""
        return self._host.room_member_add(room, member)

    def remove_member(self, room: str, member: str) -> None:
        """Takes a member out of a room. Needs `room.moderate`."""
        self._host.room_member_remove(room, member)

    def events(self, room: str, after: int, limit: int) -> dict[str, Any]:
        """The events of a room after a position, oldest first, as `room_event.list` answers. Needs `message.read`."""
        answer: dict[str, Any] = parse(self._host.room_event_list(room, after, limit))
        return answer


@dataclass(frozen=True)
class Members:
    """The people and bots of the mesh; this is `mesh.members`. All of it needs `member.read`."""

    _host: Host

    def list(self, *, page_size: int | None = None) -> Iterator[Member]:
        """Everyone this bot can see."""
        return walk(self._host.member_list, page_size)

    def get(self, member: str) -> Member:
        """One member."""
        return self._host.member_get(member)
