"""The handle of a bot, on a mesh in memory."""

from __future__ import annotations

import logging
import unittest
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from diary import Diary

from mesh_bot import (
    Action,
    Attachment,
    Conflict,
    Denied,
    Invalid,
    Malformed,
    MeshError,
    NotFound,
    Pending,
    SecretHeader,
    Unavailable,
)
from mesh_bot.testing import TestMesh


class MeshTest(unittest.TestCase):
    def setUp(self) -> None:
        self.test = TestMesh.permissive(Diary)
        self.mesh = self.test.mesh
        self.room = self.test.room("general").id


class StoreTest(MeshTest):
    def test_it_compares_and_sets(self) -> None:
        kv = self.mesh.kv
        self.assertIsNone(kv.get("n"))
        self.assertEqual(kv.get("n", 7), 7)
        self.assertEqual(kv.update("n", lambda n: n + 1, default=0), 1)
        with self.assertRaises(Conflict):
            kv.put_if_absent("n", 9)
        read = kv.get_versioned("n")
        assert read is not None
        kv.put("n", 5)
        with self.assertRaises(Conflict):
            kv.put_if_unchanged("n", 6, read.version)
        self.assertEqual((kv.delete("n"), kv.delete("n")), (True, False))

    def test_values_have_a_shape_and_a_size(self) -> None:
        kv = self.mesh.kv
        kv.put_bytes("bytes", b"\xff")
        with self.assertRaises(Malformed):
            kv.get("bytes")
        with self.assertRaises(Invalid):
            kv.put_bytes("big", bytes(300 * 1024))
        with self.assertRaises(TypeError):
            kv.put("set", {1, 2})
        kv.put("null", None)
        self.assertIsNone(kv.get("null", "default"))

    def test_an_update_begins_again_when_another_was_faster(self) -> None:
        kv, rivals = self.mesh.kv, 3

        def change(n: int) -> int:
            nonlocal rivals
            if rivals:
                rivals -= 1
                kv.put("n", n + 10)
            return n + 1

        self.assertEqual(kv.update("n", change, default=0), 31)

        def never(n: int) -> int:
            kv.put("n", n)
            return n

        with self.assertRaises(Conflict):
            kv.update("n", never, default=0)

    def test_an_update_leaves_the_default_alone(self) -> None:
        default: list[str] = []

        def change(names: list[str]) -> list[str]:
            if not names:
                self.mesh.kv.put("names", ["Bob"])
            names.append("Ada")
            return names

        self.assertEqual(self.mesh.kv.update("names", change, default), ["Bob", "Ada"])
        self.assertEqual(default, [])

    def test_keys_are_walked_page_by_page(self) -> None:
        kv = self.mesh.kv
        for n in range(7):
            kv.put(f"a/{n}", n)
        kv.put("b", 0)
        self.assertEqual([entry.key for entry in kv.list("a/", page_size=3)], [f"a/{n}" for n in range(7)])
        self.assertEqual([entry.key for entry in islice(kv.list(page_size=2), 1)], ["a/0"])
        with self.assertRaises(Invalid):
            next(kv.list(page_size=0))


class WritingTest(MeshTest):
    def test_a_message_is_seen_while_it_is_written(self) -> None:
        with self.mesh.messages.stream(self.room) as answer:
            answer.write("one")
            self.assertEqual(self.test.replies, [""])
            answer.flush()
            self.assertEqual((self.test.replies, self.test.posts[0].streaming), (["one"], True))
            answer.write("é" * 64)
            self.assertEqual(len(self.test.replies[0]), 67)
            print(", three", end="", file=answer)
        (written,) = self.test.posts
        self.assertEqual((written.text, written.streaming), ("one" + "é" * 64 + ", three", False))
        with self.assertRaises(ValueError):
            answer.write("more")

    def test_what_is_written_last_stays(self) -> None:
        with self.mesh.messages.stream(self.room, "one") as answer:
            self.mesh.messages.edit(answer.message.id, "something else")
            answer.write(" two")
            answer.flush()
            self.assertEqual(self.test.replies, ["something else"])
        self.assertEqual(self.test.replies, ["one two"])

    def test_what_failed_is_left_as_it_is(self) -> None:
        with self.assertRaises(KeyError), self.mesh.messages.stream(self.room, "one") as answer:
            raise KeyError
        self.assertTrue(self.test.posts[0].streaming)
        self.assertEqual(answer.message.text, "one")


class ButtonsTest(MeshTest):
    def test_buttons_are_taken_away(self) -> None:
        messages = self.mesh.messages
        asked = messages.post(self.room, "Well?", actions=[Action("yes", "Yes", style="primary")])
        messages.press(asked.id, "yes", {"by": "me"})
        with self.assertRaises(Conflict):
            messages.press(asked.id, "no")
        self.assertEqual(messages.change(asked.id, text="Now?").actions, asked.actions)
        done = messages.change(asked.id, actions=[])
        self.assertEqual((done.text, done.actions), ("Now?", []))
        with self.assertRaises(Conflict):
            messages.press(asked.id, "yes")
        with self.assertRaises(Invalid):
            messages.post(self.room, "Well?", actions=[Action("a", "A"), Action("a", "B")])
        with self.assertRaises(Invalid):
            messages.change(asked.id)


class RightsTest(MeshTest):
    def test_rights_can_be_taken_and_given_back(self) -> None:
        test, mesh = self.test, self.mesh
        test.deny("message.post", "the room is read only")
        with self.assertRaises(Denied) as caught:
            mesh.messages.post(self.room, "hi")
        self.assertEqual((caught.exception.reason, caught.exception.detail), ("grant", "the room is read only"))
        self.assertEqual(str(caught.exception), "denied by grant: the room is read only")
        self.assertFalse(mesh.may("message.post", self.room))
        test.allow("message.post")
        self.assertTrue(mesh.may("message.post", self.room))
        mesh.messages.post(self.room, "hi")
        test.fail("message.post", Unavailable("maintenance"))
        with self.assertRaises(Unavailable):
            mesh.messages.post(self.room, "hi")
        self.assertEqual(test.replies, ["hi"])

    def test_what_the_mesh_in_memory_has_not_is_unavailable(self) -> None:
        for call in (
            self.mesh.roles,
            self.mesh.sync,
            self.mesh.operations,
            self.mesh.own_bot.status,
            self.mesh.own_bot.grants,
            self.mesh.own_bot.limits,
        ):
            with self.assertRaises(Unavailable):
                call()

    def test_the_bot_knows_itself(self) -> None:
        self.assertEqual(self.mesh.whoami().actor.kind, "bot")
        self.assertEqual(self.mesh.about().name, "home")
        (itself,) = self.mesh.own_bot.list()
        self.assertEqual(self.mesh.own_bot.get(itself["id"]), itself)
        self.mesh.own_bot.subscribe(rooms=[self.room])
        self.assertEqual(self.mesh.own_bot.subscription(), {"events": None, "rooms": [self.room]})


class TalkTest(MeshTest):
    def test_rooms_and_messages_are_there_afterwards(self) -> None:
        mesh = self.mesh
        room = mesh.rooms.create("Tea", join_rule="public")
        posted = mesh.messages.post(room.id, "first", thread="thread_1")
        self.assertEqual(mesh.messages.edit(posted.id, "second").revision, 2)
        mesh.react(posted, "tea")
        self.assertEqual(self.test.reactions, [(posted.id, "tea")])
        self.assertEqual([reply.text for reply in mesh.threads.replies("thread_1")], ["second"])
        self.assertEqual([thread.reply_count for thread in mesh.threads.list(room.id)], [1])
        mesh.messages.unreact(posted.id, "tea")
        mesh.messages.delete(posted.id)
        with self.assertRaises(NotFound):
            mesh.messages.get(posted.id)
        mesh.rooms.leave(room.id)
        with self.assertRaises(NotFound):
            mesh.messages.post(room.id, "outside")
        self.assertEqual([room.name for room in mesh.rooms.list()], ["general", "Tea"])
        self.assertEqual([one.member.actor.name for one in mesh.rooms.members(room.id)], ["bot", "Ada"])

    def test_a_reply_stands_where_the_question_does(self) -> None:
        self.test.message("question", thread="thread_9", by="Bob", room="kitchen")
        (question,) = self.test.messages
        self.assertEqual(question.thread_to_reply_in, "thread_9")
        reply = self.mesh.reply(question, "answer")
        self.assertEqual(reply.id.replace("msg_", "thread_"), replace(reply, thread_id=None).thread_to_reply_in)
        self.assertEqual((reply.room_id, reply.thread_id), (question.room_id, "thread_9"))
        self.assertEqual(reply.reply_to, question.id)

    def test_others_messages_are_not_changed(self) -> None:
        self.test.message("mine")
        with self.assertRaises(Denied):
            self.mesh.messages.edit(self.test.messages[0].id, "yours")


class FilesTest(MeshTest):
    def test_files_are_like_files(self) -> None:
        with self.mesh.files.upload(self.room, "tea.txt", piece=4) as upload:
            upload.write(b"Earl Grey\n")
            upload.write(b"Assam\n")
        file = upload.file
        self.assertEqual((file.size, self.mesh.files.get(file.id)), (16, file))
        posted = self.mesh.messages.post(self.room, "", files=[file.id])
        self.assertEqual(posted.files, [Attachment(file.id, "tea.txt", "text/plain", 16)])
        self.assertEqual(self.mesh.messages.get(posted.id), posted)
        self.assertEqual(self.mesh.messages.post(self.room, "without").files, [])
        with self.mesh.files.download(file.id, piece=5) as source:
            self.assertEqual(source.readline(), b"Earl Grey\n")
            self.assertEqual(list(source), [b"Assam\n"])
        self.assertEqual([one.name for one in self.mesh.files.list(self.room)], ["tea.txt"])
        self.mesh.files.delete(file.id)
        self.assertEqual(self.mesh.messages.get(posted.id).files, [])
        with self.assertRaises(NotFound):
            self.mesh.files.download(file.id)

    def test_an_upload_that_fails_leaves_nothing(self) -> None:
        with self.assertRaises(RuntimeError), self.mesh.files.upload(self.room, "half") as upload:
            upload.write(b"half")
            raise RuntimeError
        self.assertEqual(list(self.mesh.files.list(self.room)), [])
        with self.assertRaises(ValueError):
            _ = upload.file
        with self.assertRaises(ValueError):
            upload.write(b"more")

    def test_an_upload_can_be_finished_by_hand(self) -> None:
        upload = self.mesh.files.upload(self.room, "empty")
        self.assertEqual(upload.finish(), upload.finish())
        self.assertEqual(self.test.file("empty"), b"")


class LaterTest(MeshTest):
    def test_timers_fire_in_order(self) -> None:
        test, timers = self.test, self.mesh.timers
        begin = datetime(2030, 1, 1, tzinfo=UTC)
        timers.once(begin + timedelta(hours=2), {"n": 2}, room=self.room)
        timers.once(begin + timedelta(hours=1), "one")
        cancelled = timers.once(begin)
        timers.cancel(cancelled)
        with self.assertRaises(NotFound):
            timers.cancel(cancelled)
        self.assertEqual([timer["data"] for timer in timers.list()], [{"n": 2}, "one"])
        test.fire()
        test.fire()
        daily = timers.repeat("0 9 * * 1-5", zone="Europe/Berlin")
        test.fire(daily)
        test.fire(daily)
        self.assertEqual(test.bot.seen[1:], ["timer one", "timer {'n': 2}", "timer None", "timer None"])
        with self.assertRaises(ValueError):
            timers.once(datetime(2030, 1, 1))
        with self.assertRaises(Invalid):
            timers.repeat("daily")

    def test_timers_are_listed_page_by_page(self) -> None:
        timers = self.mesh.timers
        self.assertEqual(list(timers.list()), [])
        begin = datetime(2030, 1, 1, tzinfo=UTC)
        made = [timers.once(begin - timedelta(hours=n)) for n in range(60)]
        self.assertEqual([timer["id"] for timer in timers.list()], made)
        self.assertEqual([timer["id"] for timer in timers.list(page_size=7)], made)
        with self.assertRaises(Invalid):
            next(timers.list(page_size=201))

    def test_people_are_asked(self) -> None:
        test, approvals = self.test, self.mesh.approvals
        first = approvals.ask("Tea?", choices=["yes", "later"], room=self.room, open_for=timedelta(hours=1))
        second = approvals.ask_to_call("message.post", {"room_id": self.room, "text": "tea!"}, question="Tell all?")
        third = approvals.ask("Really?")
        self.assertEqual(test.questions, ["Tea?", "Tell all?", "Really?"])
        approvals.cancel(third)
        test.decide(choice="later", by="Bob")
        test.decide(second, "rejected")
        self.assertEqual(test.bot.seen[1:], ["approved later by Bob", "rejected None by Ada"])
        self.assertEqual(approvals.get(first)["choice"], "later")
        self.assertEqual([one["id"] for one in approvals.list(state="cancelled")], [third])
        test.fail("message.post", Pending("approval_9"))
        with self.assertRaises(Pending) as caught:
            self.mesh.messages.post(self.room, "tea!")
        self.assertEqual(caught.exception.approval_id, "approval_9")


class OutsideTest(MeshTest):
    def test_the_other_side_is_said_beforehand(self) -> None:
        self.test.answer("https://ci.example.org/", status=404, body='{"n": 1}', headers={"X-Kind": "none"})
        self.test.tell_secret("TOKEN", "s3cret")
        response = self.mesh.fetch(
            "https://ci.example.org/",
            method="POST",
            headers={"Accept": "*/*"},
            secrets=[SecretHeader("Authorization", "TOKEN", prefix="Bearer ")],
            json={"ä": 1},
            timeout=timedelta(seconds=3),
        )
        self.assertEqual((response.status, response.is_success, response.json()), (404, False, {"n": 1}))
        self.assertEqual(response.header("x-kind"), "none")
        (sent,) = self.test.sent
        self.assertEqual(sent.body.decode(), '{"ä":1}')
        self.assertEqual(sent.headers["authorization"], "Bearer s3cret")
        self.assertEqual(sent.headers["content-type"], "application/json")

    def test_nobody_else_answers(self) -> None:
        for url, error in [("https://example.org/", Unavailable), ("nonsense", Invalid)]:
            with self.assertRaises(error):
                self.mesh.fetch(url)


class LogTest(MeshTest):
    def test_lines_have_levels_and_fields(self) -> None:
        log = logging.getLogger("bot")

        class Talkative(Diary):
            def start(self) -> None:
                log.debug("too much")
                log.warning("%d tries", 3, extra={"room": "room_1", "name_": "Ada L", "nothing": ""})
                log.info("plain")

        test = TestMesh.permissive(Talkative)
        test.start()
        with self.assertLogs("bot"):
            log.error("elsewhere")
        self.assertEqual(test.log, [("warn", '3 tries room=room_1 name_="Ada L" nothing=""'), ("info", "plain")])

    def test_errors_are_one_family(self) -> None:
        self.assertTrue(issubclass(Denied, MeshError))
