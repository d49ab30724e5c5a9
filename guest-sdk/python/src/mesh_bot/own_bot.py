"""What the mesh knows about this bot, and about others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ._json import parse
from ._pages import json_page, walk
from .host import Host


@dataclass(frozen=True)
class OwnBot:
    """What the mesh knows about bots; this is `mesh.own_bot`. Answers are those of the operations named, as dicts."""

    _host: Host

    def status(self) -> dict[str, Any]:
        """`bot.status` of this bot: state, version, last error, lag. Needs `bot.operate`."""
        return _read(self._host.bot_status())

    def explain(self, operation: str, resource: str) -> dict[str, Any]:
        """`bot.explain`: which layer allows or refuses this bot an operation on a resource. Needs `bot.operate`."""
        return _read(self._host.bot_explain(operation, resource))

    def grants(self) -> dict[str, Any]:
        """`bot_grant.list`: what this bot asked for and what was decided. Needs `bot.operate`."""
        return _read(self._host.bot_grant_list())

    def limits(self) -> dict[str, Any]:
        """`bot_limit.get`: this bot's limits and what it uses of them. Needs `bot.operate`."""
        return _read(self._host.bot_limit_get())

    def subscription(self) -> dict[str, Any]:
        """`bot_subscription.get`: which events this bot is handed. Needs `bot.state`."""
        return _read(self._host.bot_subscription_get())

    def subscribe(self, *, events: Iterable[str] | None = None, rooms: Iterable[str] | None = None) -> dict[str, Any]:
        """`bot_subscription.put`: from now on only these events of those that `bot.toml` subscribes to, and only of
        these rooms of those the bot is in; `None` means all. Needs `bot.state`."""
        return _read(
            self._host.bot_subscription_put(
                None if events is None else list(events), None if rooms is None else list(rooms)
            )
        )

    def get(self, bot: str) -> dict[str, Any]:
        """`bot.get`: another bot, or this one. Needs `member.read`."""
        return _read(self._host.bot_get(bot))

    def list(self, *, page_size: int | None = None) -> Iterator[dict[str, Any]]:
        """`bot.list`: the bots of the mesh. Needs `member.read`."""
        return walk(lambda page: json_page(self._host.bot_list(page)), page_size)


def _read(text: str) -> dict[str, Any]:
    answer: dict[str, Any] = parse(text)
    return answer
