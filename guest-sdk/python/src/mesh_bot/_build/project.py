"""What there is to build."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from ..manifest import Manifest, ManifestError


class BuildError(Exception):
    """There is nothing built; the text says why."""


@dataclass(frozen=True)
class Project:
    """A folder with a `bot.toml`, and a `pyproject.toml` that names the bot's class."""

    folder: Path
    module: str
    bot: str
    manifest: Manifest

    @classmethod
    def read(cls, folder: Path) -> Project:
        """Reads both files; raises `BuildError`."""
        folder = folder.resolve()
        module, bot = _named(folder / "pyproject.toml")
        try:
            manifest = Manifest.read(folder / "bot.toml")
        except ManifestError as error:
            raise BuildError(str(error)) from None
        if Path(manifest.name).name != manifest.name:
            raise BuildError(f"`{manifest.name}` is no name for a file, and the component is called after the bot")
        return cls(folder, module, bot, manifest)


def _named(path: Path) -> tuple[str, str]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BuildError(f"{path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise BuildError(f"{path}: {error}") from None
    named = table.get("tool", {}).get("mesh-bot", {}).get("bot", "")
    module, _, bot = named.partition(":") if isinstance(named, str) else ("", "", "")
    if not bot.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
        raise BuildError(f'{path}: `bot` in [tool.mesh-bot] is the module and class of the bot, such as "bot:MyBot"')
    return module, bot
