"""`bot.toml`, and what a test mesh makes of it."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from diary import Diary

from mesh_bot import Denied, Invalid, NotFound
from mesh_bot.manifest import Manifest, ManifestError
from mesh_bot.testing import TestMesh

TEMPLATE = Path(__file__).parents[1] / "template"

NARROW = """
schema = 1
[bot]
name = "narrow"
[events]
hears = "all"
[egress]
hosts = ["*.example.org"]
[[commands]]
name = "measure"
[[secrets]]
name = "OPEN"
[[secrets]]
name = "SENT"
hosts = ["ci.example.org"]
[[capabilities]]
permission = "bot.state"
on = "*"
[[capabilities]]
permission = "bot.network"
on = "*"
"""


class ManifestTest(unittest.TestCase):
    def test_slips_are_found(self) -> None:
        template = (TEMPLATE / "bot.toml").read_text(encoding="utf-8")
        self.assertEqual(Manifest.parse(template).permissions, {"message.post", "bot.state"})
        for right, wrong in [
            ("schema = 1", "schema = 2"),
            ('hears = "mentions"', 'hears = "all_of_it"'),
            ("permission", "permision"),
            ("[runtime]", "[run]"),
            ('backend = "wasm"', 'backend = "docker"'),
            ("[[capabilities]]", "[capabilities]"),
            ('name = "my-bot"', ""),
        ]:
            with self.subTest(wrong):
                self.assertIn(right, template)
                changed = template.replace(right, wrong, 1 if "capabilities" in right else -1)
                self.assertRaises(ManifestError, Manifest.parse, changed)

    def test_a_test_mesh_grants_what_is_asked_for_and_nothing_else(self) -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder, "bot.toml")
            path.write_text(NARROW, encoding="utf-8")
            test = TestMesh(Diary, manifest=path)
        mesh = test.mesh
        mesh.kv.put("n", 1)
        with self.assertRaisesRegex(Denied, "does not ask for `message.post`"):
            mesh.messages.post(test.room("general").id, "hi")
        test.answer("https://ci.example.org/", body="green")
        self.assertEqual(mesh.fetch("https://ci.example.org/").text, "green")
        for url in ("https://example.org/", "https://example.com/"):
            self.assertRaises(Denied, mesh.fetch, url)
        self.assertRaises(Denied, mesh.secret, "OTHER")
        self.assertRaises(NotFound, mesh.secret, "OPEN")
        test.tell_secret("OPEN", "sesame")
        self.assertEqual(mesh.secret("OPEN"), "sesame")
        self.assertRaises(Denied, mesh.secret, "SENT")
        test.command("measure")
        self.assertRaises(ValueError, test.command, "weigh")
        self.assertRaises(Invalid, mesh.kv.put_bytes, "big", bytes(300 * 1024))

    def test_the_template_passes_its_test(self) -> None:
        sys.path.insert(0, str(TEMPLATE))
        self.addCleanup(sys.path.remove, str(TEMPLATE))
        # It has the name of a module here.
        sys.modules.pop("test_bot", None)
        suite = unittest.TestLoader().discover(str(TEMPLATE), top_level_dir=str(TEMPLATE))
        self.addCleanup(sys.modules.pop, "test_bot", None)
        result = unittest.TestResult()
        suite.run(result)
        self.assertEqual((result.testsRun, result.errors, result.failures), (1, [], []))
