from __future__ import annotations

import unittest
from datetime import timedelta

from conform import Conform

from mesh_bot import Invalid, Pending, RateLimited, Rejected, RetryAfter, Unavailable
from mesh_bot.testing import HandlerFailed, TestMesh


class ConformTest(unittest.TestCase):
    def setUp(self) -> None:
        self.test = TestMesh(Conform)

    def ask(self, words: str) -> str:
        before = len(self.test.posts)
        self.test.mention(words)
        (answer,) = self.test.posts[before:]
        self.assertEqual(answer.reply_to, [one for one in self.test.messages if one.mentions_me][-1].id, words)
        return answer.text

    def test_answers(self) -> None:
        for words, answer in [
            ("echo Grüße, Welt 👋", "Grüße, Welt 👋"),
            ("heard", "0"),
            ("count", "1"),
            ("count", "2"),
            ("recall tea", "nothing"),
            ('remember tea Earl "Grey"', "ok"),
            ("recall tea", 'Earl "Grey"'),
            ("remember team us", "ok"),
            ("keys te", "tea, team"),
            ("forget team", "true"),
            ("forget team", "false"),
            ("bytes 3000", "3000 of 3000"),
            ("claim seat", "mine"),
            ("claim seat", "conflict"),
            ("greeting", "none"),
            ("secret TOKEN", "not found"),
            ("secret OTHER", "denied"),
            ("whoami", "bot"),
            ("may message.post", "true"),
            ("may room.create", "false"),
            ("members", "Ada, bot"),
            ("get msg_none", "not found"),
            ("post", "invalid"),
            ("room lounge", "denied"),
            ("size file_none", "not found"),
            ("log attention", "logged"),
        ]:
            with self.subTest(words):
                self.assertEqual(self.ask(words), answer)
        self.assertIn(("warn", "attention"), self.test.log)

    def test_writes_and_has_buttons(self) -> None:
        self.assertEqual(self.ask("stream one two"), "one two")
        self.assertEqual(self.ask("buttons"), "choose")
        self.test.press("yes", by="Bob", values={"b": 1, "a": 2})
        self.assertEqual(self.test.posts[-1].text, 'Bob pressed yes with 1 and {"a":2,"b":1}')
        self.assertEqual(self.ask(f"press {self.test.posts[-1].id}"), "conflict")

    def test_is_silent_about_what_it_does_not_know(self) -> None:
        self.test.mention("hum")
        self.test.mention("__init__")
        self.assertEqual(self.test.replies, [])

    def test_counts_what_it_hears(self) -> None:
        self.test.message("not to you")
        self.test.message("nor this")
        self.assertEqual(self.ask("heard"), "2")
        self.test.restart()
        self.assertEqual(self.ask("heard"), "0")

    def test_works_on_messages(self) -> None:
        self.test.mention("thread below")
        asked, posted = self.test.messages
        self.assertEqual((posted.thread_id, posted.reply_to), (asked.thread_to_reply_in, None))
        self.test.mention("edit")
        self.test.mention("delete")
        self.test.mention("post out loud")
        self.assertEqual(self.test.replies, ["below", "second", "out loud"])
        self.test.mention("react 👍", by="Bob")
        self.assertEqual(self.test.reactions, [(self.test.messages[-1].id, "👍")])

    def test_answers_in_the_thread_of_the_question(self) -> None:
        self.test.mention("echo here", thread="thread_1")
        self.assertEqual(self.test.posts[0].thread_id, "thread_1")

    def test_reads_history(self) -> None:
        for words in ("one", "two", "three"):
            self.test.message(words)
        self.assertEqual(self.ask("history 2"), "two / three")
        self.assertEqual(self.ask(f"get {self.test.messages[0].id}"), "one")

    def test_sees_edits_reactions_and_commands(self) -> None:
        self.test.message("draft")
        said = self.test.messages[0].id
        self.test.edit(said, "watch this")
        self.test.edit(said, "but not this")
        self.test.react(said, "🎉", by="Bob")
        self.test.react(said, "🎉", by="Bob", removed=True)
        self.test.command("measure", "twice", arguments={"width": 2, "depth": 3})
        self.test.command("measure", "once")
        self.assertEqual(
            self.test.replies,
            [
                "edited: this",
                "🎉 by Bob",
                'Ada called measure with twice and {"depth":3,"width":2}',
                "Ada called measure with once and null",
            ],
        )

    def test_knows_its_settings_and_secrets(self) -> None:
        self.test.configure({"greeting": "Moin"})
        self.assertEqual(self.ask("greeting"), "Moin")
        self.test.tell_secret("TOKEN", "xoxb-unheard-of")
        self.assertEqual(self.ask("secret TOKEN"), "15 characters")
        self.assertIn(("info", "xoxb-unheard-of"), self.test.log)

    def test_moves_files(self) -> None:
        self.assertEqual(self.ask("file notes.txt so many words"), "here")
        self.assertEqual(self.test.file("notes.txt"), b"so many words")
        (posted,) = self.test.posts
        self.assertEqual(self.ask(f"shown {posted.id}"), "notes.txt")
        self.assertEqual(self.ask(f"shown {self.test.messages[0].id}"), "none")
        large = self.test.add_file("large", b"x" * 2500)
        self.assertEqual(self.ask(f"size {large.id}"), "2500")

    def test_reminds_and_asks(self) -> None:
        self.test.mention("remind 60 drink water")
        self.test.fire()
        self.test.mention("ask May I?")
        self.assertEqual(self.test.questions, ["May I?"])
        self.test.decide()
        self.assertEqual(self.test.replies, ["reminder: drink water", "it is approved"])

    def test_counts_the_timers_of_the_first_page(self) -> None:
        self.assertEqual(self.ask("timers"), "0")
        self.test.mention("remind 60 drink water")
        self.assertEqual(self.ask("timers"), "1")
        for _ in range(50):
            self.test.mention("remind 60 drink more")
        self.assertEqual(self.ask("timers"), "50")

    def test_speaks_to_others(self) -> None:
        self.test.answer("https://localhost/a", body="hello")
        self.test.tell_secret("TOKEN", "s3cret")
        self.assertEqual(self.ask("fetch https://localhost/a"), "200: hello")
        self.assertEqual(self.ask("fetch https://example.org/"), "denied")
        self.assertEqual(self.ask("fetch nonsense"), "invalid")
        self.assertEqual(self.ask("fetch https://localhost/b"), "unavailable")
        self.assertEqual(self.ask("sendsecret https://localhost/a TOKEN"), "200: hello")
        self.assertEqual(self.test.sent[-1].headers, {"authorization": "Bearer s3cret"})
        self.assertEqual(self.ask("sendsecret https://localhost/a OTHER"), "denied")

    def test_says_the_word_for_an_error(self) -> None:
        for error, word in [
            (RateLimited(timedelta(seconds=1)), "rate limited"),
            (Pending("approval_1"), "pending"),
            (Unavailable("maintenance"), "unavailable"),
            (Invalid("what?"), "invalid"),
        ]:
            self.test.fail("message.read", error)
            self.assertEqual(self.ask("get msg_1"), word)

    def test_ends_as_told(self) -> None:
        self.assertEqual(self.test.mention("retry"), RetryAfter(timedelta(milliseconds=100)))
        self.assertEqual(self.ask("retry"), "again")
        self.assertEqual(self.test.mention("reject not mine"), Rejected("not mine"))
        with self.assertRaisesRegex(HandlerFailed, "^on purpose$"):
            self.test.mention("fail on purpose")
        with self.assertRaises(SystemExit):
            self.test.mention("panic")
        self.assertLess(int(self.ask("random")), 2**53)
