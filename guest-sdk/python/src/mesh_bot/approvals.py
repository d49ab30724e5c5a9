"""Questions to people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ._json import parse, write
from ._pages import json_page, walk
from .host import Host, NewApproval


@dataclass(frozen=True)
class Approvals:
    """Questions to people; this is `mesh.approvals`. Asking needs `approval.request`, reading `approval.read`.

    What comes of a question, `Bot.on_decision` is told. What the bot may only do when somebody agrees asks by itself:
    such a call raises `Pending`.
    """

    _host: Host

    def ask(
        self,
        question: str,
        *,
        choices: Iterable[str] = (),
        room: str | None = None,
        open_for: timedelta | None = None,
    ) -> str:
        """Asks yes or no, or which of 2 to 10 choices. Gives the id of the approval.

        Nobody can decide any more after `open_for`, a day if it is not said.
        """
        return self._request(NewApproval(question, list(choices), room, None, None, _seconds(open_for)))

    def ask_to_call(
        self,
        operation: str,
        input: dict[str, Any],
        *,
        question: str = "",
        room: str | None = None,
        open_for: timedelta | None = None,
    ) -> str:
        """Asks to let a call be made, such as `message.post` with this input, which the mesh makes in the bot's name
        when somebody agrees. Gives the id of the approval."""
        return self._request(NewApproval(question, [], room, operation, write(input), _seconds(open_for)))

    def get(self, approval: str) -> dict[str, Any]:
        """How a question stands, as `approval.get` answers: `id`, `question`, `choices`, `state` and more."""
        found: dict[str, Any] = parse(self._host.approval_get(approval))
        return found

    def list(self, *, state: str | None = None, page_size: int | None = None) -> Iterator[dict[str, Any]]:
        """What this bot asked, newest first; only what is in this state, if one is named."""
        return walk(lambda page: json_page(self._host.approval_list(state, page)), page_size)

    def cancel(self, approval: str) -> None:
        """Takes a question back."""
        self._host.approval_cancel(approval)

    def _request(self, request: NewApproval) -> str:
        asked: str = parse(self._host.approval_request(request))["id"]
        return asked


def _seconds(time: timedelta | None) -> int | None:
    return None if time is None else int(time.total_seconds())
