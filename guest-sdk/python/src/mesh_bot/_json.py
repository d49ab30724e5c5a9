"""JSON, as it is stored and sent."""

from __future__ import annotations

import json
from typing import Any

from .errors import Malformed


def parse(text: str | bytes, what: str = "the answer") -> Any:
    """Reads a JSON document."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise Malformed(f"{what}: {error}") from None


def write(value: Any) -> str:
    """Writes a JSON document, in its shortest form."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
