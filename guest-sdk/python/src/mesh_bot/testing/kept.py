"""Store, timers and questions of a mesh in memory."""

from __future__ import annotations

import json
from typing import Any

from ..errors import Conflict, Invalid, NotFound
from ..host import NewApproval, NewTimer, Page, PageRequest
from ..models import Entry
from ..times import from_milliseconds
from .people import tick
from .state import State, paged

_LARGEST_VALUE = 256 * 1024
_LARGEST_DATA = 16 * 1024


class KeptCalls:
    """What the bot leaves for later."""

    state: State

    def kv_get(self, key: str) -> tuple[bytes, int] | None:
        self.state.permit("bot.state")
        return self.state.kv.get(key)

    def kv_put(self, key: str, value: bytes, expected: int | None) -> int:
        self.state.permit("bot.state")
        if len(value) > _LARGEST_VALUE:
            raise Invalid("a value has at most 256 KiB")
        version = self.state.kv[key][1] if key in self.state.kv else 0
        if expected is not None and expected != version:
            raise Conflict(f"`{key}` is at version {version}")
        self.state.kv[key] = value, version + 1
        return version + 1

    def kv_delete(self, key: str) -> bool:
        self.state.permit("bot.state")
        return self.state.kv.pop(key, None) is not None

    def kv_list(self, prefix: str, page: PageRequest) -> Page[Entry]:
        self.state.permit("bot.state")
        found = sorted((key, value) for key, value in self.state.kv.items() if key.startswith(prefix))
        return paged([Entry(key, len(value), version) for key, (value, version) in found], page)

    def timer_list(self, page: PageRequest) -> str:
        self.state.permit("bot.state")
        return _json_page(list(self.state.timers.values()), page)

    def timer_create(self, timer: NewTimer) -> str:
        self.state.permit("bot.state")
        if (timer.at is None) == (timer.cron is None):
            raise Invalid("a timer has either `at` or `cron`")
        if timer.cron is not None and len(timer.cron.split()) != 5:
            raise Invalid("`cron` has five parts")
        if len(timer.data.encode()) > _LARGEST_DATA:
            raise Invalid("`data` has at most 16 KiB")
        if timer.room is not None:
            self.state.my_room(timer.room)
        at = tick(self.state.count) if timer.at is None else from_milliseconds(timer.at)
        made: dict[str, Any] = {
            "id": self.state.id("timer"),
            "bot_id": self.state.me.id,
            "room_id": timer.room,
            "cron": timer.cron,
            "zone": timer.zone,
            "data": json.loads(timer.data),
            "due_at": at.isoformat(),
            "created_at": tick(self.state.count).isoformat(),
        }
        self.state.timers[made["id"]] = made
        return json.dumps(made)

    def timer_cancel(self, timer: str) -> None:
        self.state.permit("bot.state")
        if self.state.timers.pop(timer, None) is None:
            raise NotFound(timer)

    def approval_list(self, state: str | None, page: PageRequest) -> str:
        self.state.permit("approval.read")
        asked = [one for one in reversed(self.state.approvals.values()) if state in (None, one["state"])]
        return _json_page(asked, page)

    def approval_request(self, request: NewApproval) -> str:
        self.state.permit("approval.request")
        if not request.question and request.operation is None:
            raise Invalid("a question is needed, or an operation")
        if request.choices and not 2 <= len(request.choices) <= 10:
            raise Invalid("there are 2 to 10 choices")
        asked: dict[str, Any] = {
            "id": self.state.id("approval"),
            "question": request.question,
            "choices": request.choices,
            "choice": None,
            "room_id": request.room,
            "state": "pending",
            "held": None,
        }
        if request.operation is not None:
            asked["held"] = {"operation": request.operation, "input": json.loads(request.input or "{}")}
        self.state.approvals[asked["id"]] = asked
        return json.dumps(asked)

    def approval_get(self, approval: str) -> str:
        self.state.permit("approval.read")
        return json.dumps(self._approval(approval))

    def approval_cancel(self, approval: str) -> str:
        self.state.permit("approval.request")
        asked = self._approval(approval)
        if asked["state"] != "pending":
            raise Conflict("it is decided")
        asked["state"] = "cancelled"
        return json.dumps(asked)

    def _approval(self, id: str) -> dict[str, Any]:
        if id not in self.state.approvals:
            raise NotFound(id)
        return self.state.approvals[id]


def _json_page(items: list[dict[str, Any]], page: PageRequest) -> str:
    found = paged(items, page)
    return json.dumps({"items": found.items, "next_cursor": found.next_cursor})
