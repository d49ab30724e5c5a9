"""`bot.toml`: what a bot is and what it wants."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The keys of each table. What a mesh does not know it refuses, so a slip is found here already.
_KEYS: dict[str, frozenset[str]] = {
    "bot": frozenset({"name", "version", "description", "publisher", "license"}),
    "runtime": frozenset({"backend", "instances", "ordering"}),
    "events": frozenset({"subscribe", "hears", "from_bots"}),
    "egress": frozenset({"hosts"}),
    "commands": frozenset({"name", "description", "arguments", "acts_for"}),
    "capabilities": frozenset({"permission", "on", "reason", "required"}),
    "secrets": frozenset({"name", "reason", "hosts"}),
}
_LISTS = frozenset({"commands", "capabilities", "secrets"})


class ManifestError(Exception):
    """The manifest is wrong; the text says where."""


@dataclass(frozen=True)
class Manifest:
    """A `bot.toml`, as far as a test or a build needs it."""

    text: str
    name: str
    hears: str = "mentions"
    permissions: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()
    egress: tuple[str, ...] = ()
    secrets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By name, the hosts it may be sent to; the bot reads those without any."""

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Reads a file."""
        try:
            return cls.parse(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ManifestError(f"{path}: {error.strerror}") from None
        except ManifestError as error:
            raise ManifestError(f"{path}: {error}") from None

    @classmethod
    def parse(cls, text: str) -> Manifest:
        """Reads a text strictly: a key that no mesh knows is an error."""
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ManifestError(str(error)) from None
        _check(table)
        hears = table.get("events", {}).get("hears", "mentions")
        if hears not in ("mentions", "commands", "all"):
            raise ManifestError(f"`events.hears` is `{hears}`, and only `mentions`, `commands` and `all` are known")
        return cls(
            text=text,
            name=_text(table.get("bot", {}), "name", "bot"),
            hears=hears,
            permissions=frozenset(_names(table, "capabilities", "permission")),
            commands=frozenset(_names(table, "commands", "name")),
            egress=tuple(table.get("egress", {}).get("hosts", ())),
            secrets={
                _text(secret, "name", "secrets"): tuple(secret.get("hosts", ())) for secret in _list(table, "secrets")
            },
        )


def _check(table: dict[str, Any]) -> None:
    if table.get("schema") != 1:
        raise ManifestError(f"`schema` is {table.get('schema')}, and only 1 is known")
    for key, value in table.items():
        if key in _LISTS:
            for entry in _list(table, key):
                _check_keys(key, entry)
        elif key in _KEYS:
            _check_keys(key, value)
        elif key not in ("schema", "limits", "config"):
            raise ManifestError(f"there is no `{key}`")
    backend = table.get("runtime", {}).get("backend", "wasm")
    if backend != "wasm":
        raise ManifestError(f"`runtime.backend` is `{backend}`, and that of a component is `wasm`")


def _check_keys(name: str, table: Any) -> None:
    if not isinstance(table, dict):
        raise ManifestError(f"`{name}` is a table")
    for key in table.keys() - _KEYS[name]:
        raise ManifestError(f"there is no `{key}` in `{name}`")


def _list(table: dict[str, Any], name: str) -> list[dict[str, Any]]:
    entries = table.get(name, [])
    if not isinstance(entries, list):
        raise ManifestError(f"`{name}` is a list: write [[{name}]]")
    return entries


def _names(table: dict[str, Any], name: str, key: str) -> list[str]:
    return [_text(entry, key, name) for entry in _list(table, name)]


def _text(table: dict[str, Any], key: str, name: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise ManifestError(f"`{name}` needs a `{key}`")
    return value
