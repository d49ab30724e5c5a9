"""HTTP to the outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._json import parse


@dataclass(frozen=True)
class Response:
    """What the other side answered, whatever its status."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as UTF-8; what is none is replaced."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON; raises `Malformed` if it is none."""
        return parse(self.body)

    def header(self, name: str) -> str | None:
        """The first header of this name, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)
