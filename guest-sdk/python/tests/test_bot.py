"""What a bot hears, and what the mesh does with what it raises."""

from __future__ import annotations

import doctest
import unittest
from dataclasses import replace
from datetime import timedelta

from diary import Diary

from mesh_bot import (
    Ack,
    Action,
    Bot,
    GrantsChanged,
    Message,
    MessageCompleted,
    MessageCreated,
    MessageDeleted,
    Rejected,
    RetryAfter,
    models,
)
from mesh_bot.testing import HandlerFailed, TestMesh, message


class BotTest(unittest.TestCase):
    def setUp(self) -> None:
        self.test = TestMesh.permissive(Diary)

    def test_each_event_has_its_method(self) -> None:
        test = self.test
        test.mention("hi")
        test.message("ho")
        said = test.messages[-1].id
        test.edit(said, "hum")
        test.react(said, "tada", by="Bob")
        test.react(said, "tada", removed=True)
        test.command("measure", "twice", arguments={"depth": 3})
        test.configure({"greeting": "hi"})
        test.event(GrantsChanged())
        test.event(MessageDeleted("room_1", [said]))
        test.event(MessageCreated(replace(message(""), redacted=True, mentions_me=True)))
        test.event(MessageCompleted(replace(message("@bot at last"), mentions_me=True)))
        test.mesh.messages.post(test.room("general").id, "Well?", actions=[Action("yes", "Yes", value="7")])
        test.press("yes", by="Bob", values={"why": 1})
        with self.assertRaises(ValueError):
            test.press("no")
        self.assertEqual(
            test.bot.seen,
            [
                "start",
                "mention hi",
                "message ho",
                "edit hum 2",
                "tada by Bob, removed: False",
                "tada by Ada, removed: True",
                "/measure twice {'depth': 3} by Ada",
                "config {'greeting': 'hi'}",
                "GrantsChanged",
                "MessageDeleted",
                "mention at last",
                "yes 7 {'why': 1} by Bob",
            ],
        )

    def test_each_exception_has_its_outcome(self) -> None:
        test = self.test
        self.assertEqual(test.mention("hi"), Ack())
        self.assertEqual(test.mention("retry"), RetryAfter(timedelta(seconds=2)))
        self.assertEqual(test.mention("limited"), RetryAfter(timedelta(milliseconds=70)))
        self.assertEqual(test.mention("reject"), Rejected("not mine"))
        self.assertEqual(test.mention("pending"), Ack())
        with self.assertRaisesRegex(HandlerFailed, "^it broke$"):
            test.mention("fail")
        self.assertEqual(test.log, [])

    def test_a_surprise_is_a_failure_and_its_traceback_is_in_the_log(self) -> None:
        with self.assertRaisesRegex(HandlerFailed, "^KeyError: 'slip'$"):
            self.test.mention("slip")
        ((level, text),) = self.test.log
        self.assertEqual(level, "error")
        self.assertIn("diary.py", text)
        self.assertNotIn("runner.py", text)
        self.assertEqual(self.test.mention("hi"), Ack())

    def test_a_restart_forgets_attributes_and_keeps_the_store(self) -> None:
        self.test.mention("hi")
        self.test.mesh.kv.put("key", "value")
        self.test.restart()
        self.assertEqual(self.test.bot.seen, ["start"])
        self.assertEqual(self.test.stored("key"), "value")

    def test_a_mention_is_a_message_unless_the_bot_says_otherwise(self) -> None:
        class Simple(Bot):
            def on_message(self, message: Message) -> None:
                self.mesh.reply(message, message.text_without_mention)

        test = TestMesh.permissive(Simple)
        test.mention("one")
        test.message("two")
        self.assertEqual(test.replies, ["one", "two"])

    def test_a_start_that_fails_says_why(self) -> None:
        class Unready(Bot):
            def start(self) -> None:
                self.mesh.secret("TOKEN")

        with self.assertRaisesRegex(HandlerFailed, "^not found: TOKEN$"):
            TestMesh.permissive(Unready).start()

    def test_slips_in_handlers_are_found_when_the_class_is_made(self) -> None:
        with self.assertRaisesRegex(TypeError, "on_mentoin"):
            type("Slip", (Bot,), {"on_mentoin": lambda self, mention: None})

        async def on_mention(self: Bot, mention: Message) -> None:
            pass

        with self.assertRaisesRegex(TypeError, "async"):
            type("Async", (Bot,), {"on_mention": on_mention})


class MentionTest(unittest.TestCase):
    def test_its_documentation_is_right(self) -> None:
        self.assertEqual(doctest.testmod(models), doctest.TestResults(failed=0, attempted=3))

    def test_only_a_leading_handle_is_taken_off(self) -> None:
        for text, without in [
            ("@echo hello", "hello"),
            ("@echo", ""),
            ("@echo\nhello", "hello"),
            ("@my_bot-2.0, hello", "hello"),
            ("@echo @echo hello", "@echo hello"),
            ("hello @echo", "hello @echo"),
            ("@ echo", "@ echo"),
            ("@echoÉ hello", "@echoÉ hello"),
            ("a@echo hello", "a@echo hello"),
            ("", ""),
        ]:
            with self.subTest(text):
                self.assertEqual(message(text).text_without_mention, without)
