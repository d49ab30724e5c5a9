"""Times as the contract has them: milliseconds since the Unix epoch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_milliseconds(value: int) -> datetime:
    """The time, in UTC."""
    return EPOCH + timedelta(milliseconds=value)
