"""Makes a component of a project: the bot, Python and `bot.toml` in one file."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from .project import BuildError, Project
from .sockets import without_sockets
from .wasm import NotUnderstood, custom_section

__all__ = ["COMPONENTIZE_PY", "BuildError", "build"]

COMPONENTIZE_PY = "0.25.1"
"""The version of the compiler that this was made for."""

_WORLD = "bot"
_HANDLER = "mesh:bot/handler@0.1.0"
_SECTION = "mesh:bot"
_ENTRY = "mesh_bot_entry"


def build(folder: Path) -> Path:
    """Builds the project in this folder; gives the path of the component. Raises `BuildError`."""
    project = Project.read(folder)
    _check_compiler()
    with TemporaryDirectory() as scratch:
        entry = Path(scratch, f"{_ENTRY}.py")
        entry.write_text(_entry(project), encoding="utf-8")
        compiled = Path(scratch, "compiled.wasm")
        _compile(compiled, [scratch, str(project.folder), *_site_packages()])
        component = compiled.read_bytes()
    try:
        component = without_sockets(component, _HANDLER)
    except NotUnderstood as error:
        raise BuildError(f"the compiled component has {error}, which this build does not know") from None
    component += custom_section(_SECTION, project.manifest.text.encode())
    target = project.folder / "dist" / f"{project.manifest.name}.wasm"
    target.parent.mkdir(exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.write_bytes(component)
    partial.replace(target)
    return target


def _entry(project: Project) -> str:
    """The module that is compiled. It imports the bot's, and so everything that is frozen into the component."""
    return (
        "from mesh_bot.component import handler_for\n"
        f"from {project.module} import {project.bot}\n"
        f"Handler = handler_for({project.bot})\n"
    )


def _compile(target: Path, python_path: Iterable[str]) -> None:
    command = [sys.executable, "-c", "from componentize_py import script; script()"]
    command += ["--quiet", "--wit-path", str(_wit()), "--world", _WORLD, "componentize", "--output", str(target)]
    for folder in python_path:
        command += ["--python-path", folder]
    done = subprocess.run([*command, _ENTRY], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not target.exists():
        raise BuildError(f"the bot could not be compiled:\n{(done.stdout + done.stderr).strip()}")


def _site_packages() -> list[str]:
    """Where what a bot imports is installed, this package among it."""
    installed = [sysconfig.get_path("purelib"), str(Path(__file__).parents[2])]
    return list(dict.fromkeys(installed))


def _wit() -> Path:
    """The contract: in the package where it is installed, beside it in a checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / "wit", package.parents[1] / "wit"):
        if (folder / "bot.wit").is_file():
            return folder
    raise BuildError("the file wit/bot.wit is missing in the SDK")


def _check_compiler() -> None:
    try:
        found = metadata.version("componentize-py")
    except metadata.PackageNotFoundError:
        found = "none"
    if found != COMPONENTIZE_PY:
        raise BuildError(
            f"a build needs componentize-py {COMPONENTIZE_PY}, and there is {found}: "
            f"{sys.executable} -m pip install componentize-py=={COMPONENTIZE_PY}"
        )
