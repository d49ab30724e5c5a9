"""What a mesh in memory says about itself and the bot, and what it leaves out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..errors import NotFound, Unavailable
from ..host import PageRequest
from ..models import Identity, MeshInfo
from .people import member_of
from .state import State


class AboutCalls:
    """Log, settings, rights, and the bot."""

    state: State

    def log_write(self, level: str, text: str) -> None:
        self.state.log.append((level, text))

    def config_get(self) -> str:
        return self.state.config

    def whoami(self) -> Identity:
        return Identity(self.state.me, member_of(self.state.me, "bot").id, "mesh_1", "bot")

    def mesh_get(self) -> MeshInfo:
        self.state.permit("mesh.read")
        return MeshInfo("mesh_1", "home", "home", "")

    def permission_check(self, questions: Sequence[tuple[str, str]]) -> list[bool]:
        self.state.permit("mesh.read")
        return [self.state.may(permission) for permission, _ in questions]

    def bot_list(self, page: PageRequest) -> str:
        self.state.permit("member.read")
        return json.dumps({"items": [self._bot()], "next_cursor": None})

    def bot_get(self, bot: str) -> str:
        self.state.permit("member.read")
        if bot != self.state.me.id:
            raise NotFound(bot)
        return json.dumps(self._bot())

    def bot_subscription_get(self) -> str:
        self.state.permit("bot.state")
        return json.dumps(self.state.subscription)

    def bot_subscription_put(self, events: list[str] | None, rooms: list[str] | None) -> str:
        self.state.permit("bot.state")
        self.state.subscription = {"events": events, "rooms": rooms}
        return json.dumps(self.state.subscription)

    def role_list(self) -> str:
        raise _left_out("role.list")

    def docs_ops(self) -> str:
        raise _left_out("docs.ops")

    def bot_status(self) -> str:
        raise _left_out("bot.status")

    def bot_explain(self, operation: str, resource: str) -> str:
        raise _left_out("bot.explain")

    def bot_grant_list(self) -> str:
        raise _left_out("bot_grant.list")

    def bot_limit_get(self) -> str:
        raise _left_out("bot_limit.get")

    def event_sync(self, cursor: str | None) -> str:
        raise _left_out("event.sync")

    def room_event_list(self, room: str, after: int, limit: int) -> str:
        raise _left_out("room_event.list")

    def _bot(self) -> dict[str, Any]:
        me = self.state.me
        return {"id": me.id, "name": me.name, "handle": me.name, "mesh_id": "mesh_1", "state": "running"}


def _left_out(operation: str) -> Unavailable:
    return Unavailable(f"a mesh in memory has no `{operation}`")
