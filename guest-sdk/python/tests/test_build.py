"""The build, as far as it can be tested without a mesh. What needs the compiler is left out where that is missing."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import subprocess
import sys
import unittest
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from diary import Diary

from mesh_bot import Conflict, Failed, RateLimited
from mesh_bot.__main__ import main
from mesh_bot._build import BuildError, _wit, wasm
from mesh_bot._build.begin import Begin
from mesh_bot._build.project import Project

TEMPLATE = Path(__file__).parents[1] / "template"
HAS_COMPILER = importlib.util.find_spec("componentize_py") is not None


class FormatTest(unittest.TestCase):
    def test_numbers_are_read_as_they_are_written(self) -> None:
        for value in (0, 1, 63, 64, 127, 128, 300, 2**20):
            with self.subTest(value):
                self.assertEqual(wasm.Reader(wasm.number(value)).number(), value)
                self.assertEqual(wasm.Reader(wasm.positive(value)).signed(), value)
        self.assertEqual(wasm.Reader(b"\x7f").signed(), -1)

    def test_a_custom_section_stands_at_the_end(self) -> None:
        component = wasm.HEADER + wasm.custom_section("mesh:bot", b"schema = 1")
        ((kind, content),) = wasm.sections(component)
        self.assertEqual((kind, content), (0, b"\x08mesh:botschema = 1"))
        self.assertRaises(wasm.NotUnderstood, lambda: list(wasm.sections(b"\0asm\1\0\0\0")))


class ProjectTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name, "project")
        shutil.copytree(TEMPLATE, self.folder, ignore=shutil.ignore_patterns("__pycache__"))

    def test_the_template_names_its_bot(self) -> None:
        project = Project.read(self.folder)
        self.assertEqual((project.module, project.bot, project.manifest.name), ("bot", "MyBot", "my-bot"))

    def test_what_is_missing_is_said(self) -> None:
        for content in ("", '[tool.mesh-bot]\nbot = "bot"', '[tool.mesh-bot]\nbot = "a b:C"', "[tool"):
            (self.folder / "pyproject.toml").write_text(content, encoding="utf-8")
            with self.subTest(content):
                self.assertRaises(BuildError, Project.read, self.folder)
        self.assertRaises(BuildError, Project.read, self.folder / "nowhere")

    def test_a_name_leads_nowhere_else(self) -> None:
        manifest = self.folder / "bot.toml"
        manifest.write_text(manifest.read_text(encoding="utf-8").replace("my-bot", "../my-bot"), encoding="utf-8")
        self.assertRaises(BuildError, Project.read, self.folder)

    @unittest.skipUnless(HAS_COMPILER, "componentize-py is not installed")
    def test_a_component_has_its_manifest_and_no_sockets(self) -> None:
        with redirect_stdout(StringIO()) as out:
            self.assertEqual(main(["build", str(self.folder)]), 0)
        component = (self.folder / "dist" / "my-bot.wasm").read_bytes()
        self.assertIn("my-bot.wasm", out.getvalue())
        begin = Begin(component, "wasi:sockets/")
        self.assertEqual(begin.refused, [])
        self.assertIn("mesh:bot/messages@0.1.0", begin.imports)
        kind, content = list(wasm.sections(component))[-1]
        self.assertEqual(kind, wasm.CUSTOM)
        self.assertEqual(content.removeprefix(b"\x08mesh:bot"), (self.folder / "bot.toml").read_bytes())

    @unittest.skipUnless(HAS_COMPILER, "componentize-py is not installed")
    def test_a_bot_that_cannot_be_imported_is_not_built(self) -> None:
        (self.folder / "bot.py").write_text("import nowhere\n", encoding="utf-8")
        with redirect_stderr(StringIO()) as errors:
            self.assertEqual(main(["build", str(self.folder)]), 1)
        self.assertIn("nowhere", errors.getvalue())
        self.assertFalse((self.folder / "dist").exists())


@unittest.skipUnless(HAS_COMPILER, "componentize-py is not installed")
class ComponentTest(unittest.TestCase):
    """The other side of the seam, on bindings that are generated here."""

    component: Any
    handler: Any
    imports: Any
    Ok: Any
    Err: Any

    @classmethod
    def setUpClass(cls) -> None:
        folder = TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        command = [sys.executable, "-c", "from componentize_py import script; script()"]
        command += ["--quiet", "--wit-path", str(_wit()), "--world", "bot", "bindings", folder.name]
        subprocess.run(command, check=True)
        sys.path.insert(0, folder.name)
        cls.addClassCleanup(sys.path.remove, folder.name)
        cls.component = importlib.import_module("mesh_bot.component")
        cls.handler = importlib.import_module("wit_world.exports.handler")
        cls.imports = importlib.import_module("wit_world.imports")
        componentize = importlib.import_module("componentize_py_types")
        cls.Ok, cls.Err = componentize.Ok, componentize.Err

    def test_every_function_of_the_seam_is_there(self) -> None:
        host = importlib.import_module("mesh_bot.host").Host
        wanted = {name for name in vars(host) if not name.startswith("_")}
        self.assertLessEqual(wanted, set(vars(self.component.ComponentHost)))

    def test_errors_are_those_of_the_package(self) -> None:
        types = self.imports.types
        for raised, expected in [(types.Error_Conflict("late"), Conflict), (types.Error_RateLimited(70), RateLimited)]:
            with (
                patch.object(self.imports.kv, "get", side_effect=self.Err(raised)),
                self.assertRaises(expected),
            ):
                self.component.ComponentHost().kv_get("key")

    def test_what_another_bot_says_is_its_answer_or_a_failure(self) -> None:
        ok, host = self.Ok, self.component.ComponentHost()
        with patch.object(self.imports.calls, "call", return_value=ok("7")):
            self.assertEqual(host.bot_call("bot_2", "weigh", "1", None), "7")
        with (
            patch.object(self.imports.calls, "call", return_value=self.Err("what is `boil`?")),
            self.assertRaisesRegex(Failed, "^what is `boil`.$"),
        ):
            host.bot_call("bot_2", "boil", "1", None)
        with patch.object(self.imports.calls, "answer") as answer:
            host.bot_call_answer("botcall_1", "7", "")
            host.bot_call_answer("botcall_2", None, "why")
        given = [call.args for call in answer.mock_calls]
        self.assertEqual(given, [("botcall_1", ok("7")), ("botcall_2", self.Err("why"))])

    def test_nothing_but_a_sentence_leaves_a_handler(self) -> None:
        handler = self.component.handler_for(Diary)()
        with patch.object(self.component, "begin"):
            handler.start()
        handled = handler.on_event(self.event("limited"))
        self.assertEqual(handled, self.handler.Outcome_RetryAfter(70))
        self.assertEqual(handler.on_event(self.event("reject")), self.handler.Outcome_Reject("not mine"))
        self.assertEqual(handler.on_event(self.event("hi")), self.handler.Outcome_Ack())
        for broken, text in [(self.event("fail"), "it broke"), (SimpleNamespace(), "AttributeError: ")]:
            with self.assertRaises(self.Err) as caught:
                handler.on_event(broken)
            self.assertTrue(caught.exception.value.startswith(text))

    def event(self, text: str) -> Any:
        types = self.imports.types
        actor = types.Actor("person_1", "person", "Ada")
        message = types.Message(
            id="msg_1",
            room_id="room_1",
            thread_id=None,
            reply_to=None,
            author=actor,
            text=f"@diary {text}",
            created_at=0,
            edited_at=None,
            revision=1,
            seq=1,
            trust="local",
            hops=0,
            mentions_me=True,
            redacted=False,
            reactions=[],
            files=[],
            streaming=False,
            actions=[],
        )
        return self.handler.Event("room:1", 1, 0, actor, self.handler.Payload_MessageCreated(message))
