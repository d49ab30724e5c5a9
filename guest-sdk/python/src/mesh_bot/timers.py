"""The bot's own timers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ._json import parse, write
from ._pages import json_page, walk
from .errors import milliseconds
from .host import Host, NewTimer
from .times import EPOCH


@dataclass(frozen=True)
class Timers:
    """Timers; this is `mesh.timers`. They outlive every instance. All of it needs `bot.state`.

    A timer that fires calls `Bot.on_timer`. `data` is any JSON value of at most 16 KiB, and comes back then; `room` is
    the room that it is about, and the event keeps its place among those of the room.
    """

    _host: Host

    def once(self, at: datetime, data: Any = None, *, room: str | None = None) -> str:
        """Sets a timer that fires once: at this time, or at once when it is over. Gives its id.

        Count from a time that stands in the event, so that an event that comes twice asks for the same timer:

            self.mesh.timers.once(mention.created_at + timedelta(minutes=5), {"text": "tea"}, room=mention.room_id)
        """
        if at.tzinfo is None:
            raise ValueError("a time without a time zone; datetime.now(timezone.utc) has one")
        return self._set(NewTimer(milliseconds(at - EPOCH), None, None, room, write(data)))

    def repeat(self, cron: str, data: Any = None, *, zone: str | None = None, room: str | None = None) -> str:
        """Sets a timer that fires again and again. Gives its id.

        `cron` is minute, hour, day of the month, month and day of the week; `zone` an IANA time zone such as
        `Europe/Berlin`, UTC without.
        """
        return self._set(NewTimer(None, cron, zone, room, write(data)))

    def list(self, *, page_size: int | None = None) -> Iterator[dict[str, Any]]:
        """The timers that have still to fire, the oldest first: dicts with `id`, `room_id`, `cron`, `zone`, `data`,
        `due_at` and `created_at`."""
        return walk(lambda page: json_page(self._host.timer_list(page)), page_size)

    def cancel(self, timer: str) -> None:
        """Ends a timer."""
        self._host.timer_cancel(timer)

    def _set(self, timer: NewTimer) -> str:
        made: str = parse(self._host.timer_create(timer))["id"]
        return made
