"""Reads what comes over the boundary, whose fields have the same names but whose times are numbers."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from . import events, models
from ._json import parse
from .events import Event, Payload
from .times import from_milliseconds

T = TypeVar("T")


def read_record(kind: type[T], raw: Any) -> T:
    """A dataclass of this package from a record with the same fields."""
    readers: list[tuple[str, Callable[[Any], Any]]] = _readers(kind)  # type: ignore[arg-type]
    return kind(**{name: read(getattr(raw, name)) for name, read in readers})


def read_event(raw: Any) -> Event:
    """An event, whose payload is one of the cases of the contract's variant."""
    actor = read_record(models.Actor, raw.actor)
    payload = _payload(type(raw.payload).__name__.removeprefix("Payload_"), getattr(raw.payload, "value", None), actor)
    return Event(raw.stream, raw.seq, from_milliseconds(raw.at), actor, payload)


def _payload(case: str, raw: Any, actor: models.Actor) -> Payload:
    match case:
        case "MessageCreated":
            return events.MessageCreated(read_record(models.Message, raw))
        case "MessageEdited":
            return events.MessageEdited(read_record(models.Message, raw))
        case "MessageCompleted":
            return events.MessageCompleted(read_record(models.Message, raw))
        case "MessageActed":
            message = read_record(models.Message, raw.message)
            values = None if raw.values is None else parse(raw.values)
            return events.Press(message, raw.action_id, raw.value, values, actor, raw.hops)
        case "ReactionAdded" | "ReactionRemoved":
            return events.Reaction(raw.room_id, raw.message_id, raw.emoji, actor, case == "ReactionRemoved")
        case "ThreadChanged":
            return events.ThreadChanged(read_record(models.Thread, raw))
        case "RoomMemberJoined":
            return events.RoomMemberJoined(read_record(models.RoomMember, raw))
        case "RoomOpened":
            return events.RoomOpened(read_record(models.Room, raw))
        case "CommandInvoked":
            arguments = None if raw.arguments is None else parse(raw.arguments)
            return events.Command(raw.command, raw.text, arguments, raw.room_id, actor, raw.reply_handle, raw.hops)
        case "BotCalled":
            deadline = from_milliseconds(raw.deadline)
            return events.Call(raw.call_id, raw.method, parse(raw.input), actor, raw.hops, deadline)
        case "ApprovalDecided":
            return events.Decision(
                raw.approval_id, raw.room_id, raw.operation, raw.state, raw.choice, raw.status, actor
            )
        case "TimerFired":
            return events.TimerFired(raw.timer_id, raw.room_id, from_milliseconds(raw.due_at), parse(raw.data))
        case "BotConfigChanged":
            return events.ConfigChanged()
        case "BotGrantsChanged":
            return events.GrantsChanged()
        case "Other":
            return events.Unknown(raw.name, parse(raw.data))
    plain: dict[str, type[Payload]] = {
        "MessageDeleted": events.MessageDeleted,
        "RoomMemberLeft": events.RoomMemberLeft,
        "RoomClosed": events.RoomClosed,
        "Gap": events.Gap,
    }
    return read_record(plain[case], raw)


@cache
def _readers(kind: type[Any]) -> list[tuple[str, Callable[[Any], Any]]]:
    hints = typing.get_type_hints(kind)
    return [(field.name, _reader(hints[field.name])) for field in fields(kind)]


def _reader(hint: Any) -> Callable[[Any], Any]:
    """How a field of this type is read."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        read = _reader(next(part for part in inner if part is not type(None)))
        return lambda raw: None if raw is None else read(raw)
    if origin is list:
        read_item = _reader(inner[0])
        return lambda raw: [read_item(item) for item in raw]
    if hint is datetime:
        return from_milliseconds
    if hasattr(hint, "__dataclass_fields__"):
        return lambda raw: read_record(hint, raw)
    return lambda raw: raw
