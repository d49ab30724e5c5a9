"""Things that are of use without a mesh."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..models import Actor, Member, Message

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
"""When everything begins."""


def message(text: str) -> Message:
    """A message by Ada in the room `room_1`, for functions that need no mesh."""
    return Message(
        id="msg_1",
        room_id="room_1",
        thread_id=None,
        reply_to=None,
        author=Actor("person_1", "person", "Ada"),
        text=text,
        created_at=BEGIN,
        edited_at=None,
        revision=1,
        seq=1,
        trust="local",
        hops=0,
        mentions_me=False,
        redacted=False,
    )


def member_of(actor: Actor, role: str) -> Member:
    """The membership of somebody."""
    return Member(f"member_{actor.id}", actor, actor.name.lower().replace(" ", "-"), role, BEGIN)


def tick(count: int) -> datetime:
    """A clock that only moves when something happens."""
    return BEGIN + timedelta(milliseconds=count)
