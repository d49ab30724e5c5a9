"""Bots that are asked for something and answer, and ask each other."""

from __future__ import annotations

import unittest
from datetime import UTC, datetime, timedelta
from typing import Any

from mesh_bot import Ack, Actor, Bot, Call, Conflict, Denied, Failed, NotFound, Retry
from mesh_bot.testing import HandlerFailed, TestMesh

TEA = Call("botcall_1", "weigh", "tea", Actor("person_1", "person", "Ada"), 0, datetime(2026, 1, 1, tzinfo=UTC))


class Scales(Bot):
    """Weighs words, and has another bot translate them if it is asked to."""

    def on_call(self, call: Call) -> Any:
        match call.method:
            case "weigh":
                return {"by": call.by.name, "weight": len(call.input)}
            case "translate":
                return self.mesh.call("bot_2", "translate", call.input, timeout=timedelta(seconds=1))
            case "later":
                raise Retry(timedelta(seconds=1))
            case "slip":
                raise KeyError("slip")
            case "set":
                return {1, 2}
        raise Failed(f"what is `{call.method}`?")


def translated(bot: str, method: str, input: Any) -> Any:
    if bot != "bot_2":
        raise NotFound(bot)
    if input != ["Tee"]:
        raise Failed("I do not know that word")
    return f"{method}d: tea"


class CallsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.test = TestMesh.permissive(Scales)

    def test_a_bot_answers(self) -> None:
        self.assertEqual(self.test.call("weigh", "tea", by="Bob"), {"by": "Bob", "weight": 3})
        for method, why in [
            ("boil", "^what is `boil`.$"),
            ("later", "^to be tried again in 1000 ms$"),
            ("slip", "^KeyError: 'slip'$"),
            ("set", "^TypeError: .* is not JSON serializable$"),
        ]:
            with self.subTest(method), self.assertRaisesRegex(Failed, why):
                self.test.call(method)
        self.assertEqual([level for level, _ in self.test.log], ["error", "error"])
        self.assertIn('raise KeyError("slip")', self.test.log[0][1])

    def test_a_bot_without_a_handler_says_so(self) -> None:
        with self.assertRaisesRegex(Failed, "^this bot does not answer `weigh`$"):
            TestMesh.permissive(Bot).call("weigh")

    def test_an_answer_that_nobody_waits_for_is_done(self) -> None:
        self.test.fail("bot.state", Conflict("nobody waits"))
        self.assertEqual(self.test.event(TEA), Ack())
        self.test.deny("bot.state", "not here")
        with self.assertRaisesRegex(HandlerFailed, "^denied by grant: not here$"):
            self.test.call("weigh", "tea")

    def test_other_bots_are_asked(self) -> None:
        mesh = self.test.mesh
        with self.assertRaises(NotFound):
            mesh.call("bot_2", "translate", ["Tee"])
        self.test.answer_calls(translated)
        self.assertEqual(self.test.call("translate", ("Tee",)), "translated: tea")
        with self.assertRaisesRegex(Failed, "^I do not know that word$"):
            mesh.call("bot_2", "translate")
        with self.assertRaisesRegex(Failed, "^I do not know that word$"):
            self.test.call("translate", ["Kaffee"])
        with self.assertRaises(NotFound):
            mesh.call("bot_3", "translate", ["Tee"])
        self.test.deny("command.invoke", "not here")
        with self.assertRaises(Denied):
            mesh.call("bot_2", "translate", ["Tee"])
