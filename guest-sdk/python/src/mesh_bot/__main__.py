"""`python -m mesh_bot build [FOLDER]`: makes `dist/NAME.wasm` of the project in a folder, by default this one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ._build import BuildError, build


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m mesh_bot", description="Builds bots for The Mesh.")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("build", help="make dist/NAME.wasm of the project in a folder")
    command.add_argument("folder", nargs="?", default=".", type=Path, help="where bot.toml is; this folder if absent")
    options = parser.parse_args(arguments)
    try:
        made = build(options.folder)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{made} ({made.stat().st_size / 1_000_000:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
