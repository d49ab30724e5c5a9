"""The bot's own store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ._json import parse, write
from ._pages import walk
from .errors import Conflict
from .host import Host
from .models import Entry

T = TypeVar("T")

ATTEMPTS = 8
"""How often `Kv.update` tries when others are faster."""


@dataclass(frozen=True)
class Versioned(Generic[T]):
    """A value and the version it was read at."""

    value: T
    version: int
    """Rises with every write; for `Kv.put_if_unchanged`."""


@dataclass(frozen=True)
class Kv:
    """The bot's own store: 10 MiB in total, 256 KiB a value; this is `mesh.kv`. All of it needs `bot.state`.

    Values are stored as JSON; `get_bytes` and `put_bytes` take them as they are.
    """

    _host: Host

    def get(self, key: str, default: Any = None) -> Any:
        """The value at a key, or `default` where there is none."""
        found = self.get_versioned(key)
        return default if found is None else found.value

    def get_versioned(self, key: str) -> Versioned[Any] | None:
        """The value at a key together with its version."""
        found = self.get_bytes(key)
        if found is None:
            return None
        return Versioned(parse(found.value, f"the value stored at `{key}`"), found.version)

    def put(self, key: str, value: Any) -> int:
        """Writes a value, whatever was there; gives its version."""
        return self.put_bytes(key, write(value).encode())

    def put_if_absent(self, key: str, value: Any) -> int:
        """Writes a value only where there is none; otherwise raises `Conflict`."""
        return self.put_if_unchanged(key, value, 0)

    def put_if_unchanged(self, key: str, value: Any, version: int) -> int:
        """Writes a value only if the one stored still has this version; otherwise raises `Conflict`."""
        return self._host.kv_put(key, write(value).encode(), version)

    def update(self, key: str, change: Callable[[T], T], default: T) -> T:
        """Changes a value, starting from `default` where there is none, and gives the new one.

        `change` is given the old value and returns the new one. It begins again when another writer was faster, so
        it may run more than once.

            asked = self.mesh.kv.update("asked", lambda asked: asked + 1, default=0)
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return self._try_update(key, change, default)
            except Conflict:
                continue
        return self._try_update(key, change, default)

    def delete(self, key: str) -> bool:
        """Deletes a key; false when it was not there."""
        return self._host.kv_delete(key)

    def list(self, prefix: str = "", *, page_size: int | None = None) -> Iterator[Entry]:
        """The keys with this beginning, in order, with size and version."""
        return walk(lambda page: self._host.kv_list(prefix, page), page_size)

    def get_bytes(self, key: str) -> Versioned[bytes] | None:
        """The bytes at a key and their version."""
        found = self._host.kv_get(key)
        return None if found is None else Versioned(*found)

    def put_bytes(self, key: str, value: bytes) -> int:
        """Writes bytes, whatever was there; gives their version."""
        return self._host.kv_put(key, value, None)

    def _try_update(self, key: str, change: Callable[[T], T], default: T) -> T:
        # A copy, since `change` may change what it is given and then have to begin again.
        found = self.get_versioned(key) or Versioned(deepcopy(default), 0)
        value = change(found.value)
        self.put_if_unchanged(key, value, found.version)
        return value
