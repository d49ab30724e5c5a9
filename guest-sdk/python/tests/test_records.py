"""What comes over the boundary of a component: records with the same names, and times as numbers."""

from __future__ import annotations

import unittest
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from mesh_bot import (
    Action,
    Actor,
    Attachment,
    Call,
    Command,
    ConfigChanged,
    Decision,
    Gap,
    Member,
    MessageCompleted,
    MessageCreated,
    MessageDeleted,
    Press,
    Reaction,
    ReactionCount,
    RoomMember,
    RoomMemberJoined,
    TimerFired,
    Unknown,
)
from mesh_bot._records import read_event

ADA = SimpleNamespace(id="person_1", kind="person", name="Ada")
AT = 1_767_225_600_500
TIME = datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)


def payload(case: str, value: Any = None) -> Any:
    raw = type(f"Payload_{case}", (), {"value": value})()
    event = SimpleNamespace(stream="room:1", seq=7, at=AT, actor=ADA, payload=raw)
    return read_event(event).payload


class RecordsTest(unittest.TestCase):
    def test_a_message_has_aware_times(self) -> None:
        raw = SimpleNamespace(
            id="msg_1",
            room_id="room_1",
            thread_id=None,
            reply_to="msg_0",
            author=ADA,
            text="hi",
            created_at=AT,
            edited_at=None,
            revision=1,
            seq=3,
            trust="local",
            hops=0,
            mentions_me=True,
            redacted=False,
            reactions=[SimpleNamespace(emoji="tea", count=2, mine=False)],
            files=[SimpleNamespace(id="file_1", name="a.png", media_type="image/png", size=70)],
            streaming=True,
            actions=[SimpleNamespace(id="yes", label="Yes", style="primary", value=None)],
        )
        read = payload("MessageCreated", raw)
        assert isinstance(read, MessageCreated)
        self.assertEqual(read.message.created_at, TIME)
        self.assertIsNone(read.message.edited_at)
        self.assertEqual(read.message.author, Actor("person_1", "person", "Ada"))
        self.assertEqual(read.message.reactions, [ReactionCount("tea", 2, False)])
        self.assertEqual(read.message.files, [Attachment("file_1", "a.png", "image/png", 70)])
        self.assertTrue(read.message.streaming)
        self.assertEqual(read.message.actions, [Action("yes", "Yes", "primary")])
        self.assertEqual(payload("MessageCompleted", raw), MessageCompleted(read.message))
        press = SimpleNamespace(message=raw, action_id="yes", value="7", values='{"a":1}', hops=1)
        ada = Actor("person_1", "person", "Ada")
        self.assertEqual(payload("MessageActed", press), Press(read.message, "yes", "7", {"a": 1}, ada, 1))

    def test_each_case_has_its_class(self) -> None:
        ada = Actor("person_1", "person", "Ada")
        reaction = SimpleNamespace(room_id="room_1", message_id="msg_1", emoji="tea")
        member = SimpleNamespace(id="member_1", actor=ADA, handle="ada", role="member", joined_at=AT)
        for case, raw, expected in [
            ("ReactionAdded", reaction, Reaction("room_1", "msg_1", "tea", ada, False)),
            ("ReactionRemoved", reaction, Reaction("room_1", "msg_1", "tea", ada, True)),
            (
                "MessageDeleted",
                SimpleNamespace(room_id="room_1", message_ids=["msg_1"]),
                MessageDeleted("room_1", ["msg_1"]),
            ),
            (
                "RoomMemberJoined",
                SimpleNamespace(room_id="room_1", member=member, room_role="owner"),
                RoomMemberJoined(RoomMember("room_1", Member("member_1", ada, "ada", "member", TIME), "owner")),
            ),
            (
                "CommandInvoked",
                SimpleNamespace(
                    command="measure", text="twice", arguments='{"a":1}', room_id="room_1", reply_handle="c_1", hops=1
                ),
                Command("measure", "twice", {"a": 1}, "room_1", ada, "c_1", 1),
            ),
            (
                "BotCalled",
                SimpleNamespace(call_id="c_1", method="weigh", input='{"a":1}', hops=1, deadline=AT),
                Call("c_1", "weigh", {"a": 1}, ada, 1, TIME),
            ),
            (
                "ApprovalDecided",
                SimpleNamespace(
                    approval_id="a_1", room_id=None, operation=None, state="approved", choice=None, status=None
                ),
                Decision("a_1", None, None, "approved", None, None, ada),
            ),
            (
                "TimerFired",
                SimpleNamespace(timer_id="t_1", room_id=None, due_at=AT, data="[1]"),
                TimerFired("t_1", None, TIME, [1]),
            ),
            ("BotConfigChanged", None, ConfigChanged()),
            ("Gap", SimpleNamespace(stream="room:1", from_seq=1, to_seq=9), Gap("room:1", 1, 9)),
            ("Other", SimpleNamespace(name="new.thing", data="null"), Unknown("new.thing", None)),
        ]:
            with self.subTest(case):
                self.assertEqual(payload(case, raw), expected)
