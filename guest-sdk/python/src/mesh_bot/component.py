"""A bot as a component: the exports of `mesh:bot/handler`, and its imports behind the seam `Host`.

Only the component imports this module; elsewhere there is no `wit_world`, which the build generates from the WIT
package. Nothing but `Err` may leave a function here: an exception ends the instance, and so does an `Err` that a call
to the mesh raised.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.exports import handler
from wit_world.imports import (
    approvals,
    auth,
    bots,
    calls,
    config,
    docs,
    events,
    files,
    http,
    kv,
    log,
    members,
    meshes,
    messages,
    rooms,
    secrets,
    timers,
    types,
)

from . import errors
from ._records import read_event, read_record
from .bot import Bot
from .errors import milliseconds
from .events import Outcome, Rejected, RetryAfter
from .host import (
    Host,
    MessageChange,
    NewApproval,
    NewMessage,
    NewRoom,
    NewTimer,
    OutboundRequest,
    OutboundResponse,
    Page,
    PageRequest,
    ReadsFile,
    WritesFile,
)
from .logs import MeshLogHandler
from .models import Action, Entry, File, Identity, Member, MeshInfo, Message, Room, RoomMember, Thread
from .runner import HandlerFailed, Runner

T = TypeVar("T")


def handler_for(bot: type[Bot]) -> type[exports.Handler]:
    """The class that exports a bot. The build writes the line that calls this."""
    runner = Runner(bot, ComponentHost())

    class Handler(exports.Handler):  # type: ignore[misc, unused-ignore]
        def start(self) -> None:
            begin()
            told(runner.start)

        def on_event(self, event: handler.Event) -> handler.Outcome:
            return outcome(told(lambda: runner.on_event(read_event(event))))

    return Handler


def begin() -> None:
    """What the build has frozen is made anew: the state of `random`, and where log lines go."""
    random.seed()
    root = logging.getLogger()
    root.handlers = [MeshLogHandler(ComponentHost())]
    if root.level == logging.WARNING:  # Python's default, so the bot has not chosen another.
        root.setLevel(logging.INFO)


def told(work: Callable[[], T]) -> T:
    """Tells the mesh of a failure, and lets nothing else out."""
    try:
        return work()
    except HandlerFailed as failure:
        text = str(failure)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
    raise Err(text)


def outcome(result: Outcome) -> handler.Outcome:
    match result:
        case RetryAfter(wait):
            return handler.Outcome_RetryAfter(milliseconds(wait))
        case Rejected(reason):
            return handler.Outcome_Reject(reason)
    return handler.Outcome_Ack()


def ask(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls the mesh, and raises its errors as those of this package."""
    try:
        return function(*arguments)
    except Err as error:
        raised = mesh_error(error.value)
    raise raised


def mesh_error(error: Any) -> errors.MeshError:
    match error:
        case types.Error_Denied(denial):
            return errors.Denied(denial.reason, denial.detail)
        case types.Error_NotFound(what):
            return errors.NotFound(what)
        case types.Error_Invalid(why):
            return errors.Invalid(why)
        case types.Error_Conflict(why):
            return errors.Conflict(why)
        case types.Error_RateLimited(wait):
            return errors.RateLimited(timedelta(milliseconds=wait))
        case types.Error_Pending(approval):
            return errors.Pending(approval)
    return errors.Unavailable(str(error.value))


def page_of(kind: type[T], answer: Any, items: str) -> Page[T]:
    return Page([read_record(kind, item) for item in getattr(answer, items)], answer.next_cursor)


def wanted(page: PageRequest) -> types.PageRequest:
    return types.PageRequest(page.cursor, page.limit)


def buttons(actions: Sequence[Action]) -> list[types.Action]:
    return [types.Action(action.id, action.label, action.style, action.value) for action in actions]


class ComponentReader:
    def __init__(self, resource: Any) -> None:
        self._resource = resource

    def read(self, most: int) -> bytes:
        data: bytes = ask(self._resource.read, most)
        return data

    def drop(self) -> None:
        self._resource.__exit__(None, None, None)


class ComponentWriter:
    def __init__(self, resource: Any) -> None:
        self._resource = resource

    def write(self, data: bytes) -> None:
        ask(self._resource.write, data)

    def finish(self) -> File:
        return read_record(File, ask(self._resource.finish))

    def drop(self) -> None:
        self._resource.__exit__(None, None, None)


class ComponentHost(Host):
    """The mesh that runs this component."""

    def log_write(self, level: str, text: str) -> None:
        log.write(log.Level[level.upper()], text)

    def config_get(self) -> str:
        return ask(config.get)  # type: ignore[no-any-return]

    def secret_read(self, name: str) -> str:
        return ask(secrets.read, name)  # type: ignore[no-any-return]

    def whoami(self) -> Identity:
        return read_record(Identity, ask(auth.whoami))

    def mesh_get(self) -> MeshInfo:
        return read_record(MeshInfo, ask(meshes.get))

    def role_list(self) -> str:
        return ask(meshes.role_list)  # type: ignore[no-any-return]

    def docs_ops(self) -> str:
        return ask(docs.ops)  # type: ignore[no-any-return]

    def room_list(self, page: PageRequest) -> Page[Room]:
        return page_of(Room, ask(rooms.list, wanted(page)), "rooms")

    def room_get(self, room: str) -> Room:
        return read_record(Room, ask(rooms.get, room))

    def room_create(self, room: NewRoom) -> Room:
        return read_record(Room, ask(rooms.create, rooms.NewRoom(room.name, room.slug, room.purpose, room.join_rule)))

    def room_join(self, room: str) -> None:
        ask(rooms.join, room)

    def room_leave(self, room: str) -> None:
        ask(rooms.leave, room)

    def room_member_list(self, room: str, page: PageRequest) -> Page[RoomMember]:
        return page_of(RoomMember, ask(rooms.room_member_list, room, wanted(page)), "members")

    def room_member_add(self, room: str, member: str) -> RoomMember:
        return read_record(RoomMember, ask(rooms.room_member_add, room, member))

    def room_member_remove(self, room: str, member: str) -> None:
        ask(rooms.room_member_remove, room, member)

    def message_post(self, message: NewMessage) -> Message:
        new = messages.NewMessage(
            message.room,
            message.text,
            message.thread,
            message.reply_to,
            message.files,
            message.streaming,
            buttons(message.actions),
        )
        return read_record(Message, ask(messages.post, new))

    def message_get(self, message: str) -> Message:
        return read_record(Message, ask(messages.get, message))

    def message_list(self, room: str, page: PageRequest) -> Page[Message]:
        return page_of(Message, ask(messages.list, room, wanted(page)), "messages")

    def message_edit(self, message: str, change: MessageChange) -> Message:
        actions = None if change.actions is None else buttons(change.actions)
        return read_record(Message, ask(messages.edit, message, messages.Change(change.text, actions)))

    def message_append(self, message: str, offset: int, text: str, last: bool) -> int:
        return ask(messages.append, message, offset, text, last)  # type: ignore[no-any-return]

    def message_act(self, message: str, action: str, values: str | None) -> None:
        ask(messages.act, message, action, values)

    def message_delete(self, message: str) -> None:
        ask(messages.delete, message)

    def thread_list(self, room: str, page: PageRequest) -> Page[Thread]:
        return page_of(Thread, ask(messages.thread_list, room, wanted(page)), "threads")

    def thread_get(self, thread: str) -> Thread:
        return read_record(Thread, ask(messages.thread_get, thread))

    def thread_replies(self, thread: str, page: PageRequest) -> Page[Message]:
        return page_of(Message, ask(messages.thread_replies, thread, wanted(page)), "messages")

    def reaction_add(self, message: str, emoji: str) -> None:
        ask(messages.reaction_add, message, emoji)

    def reaction_remove(self, message: str, emoji: str) -> None:
        ask(messages.reaction_remove, message, emoji)

    def member_list(self, page: PageRequest) -> Page[Member]:
        return page_of(Member, ask(members.list, wanted(page)), "members")

    def member_get(self, member: str) -> Member:
        return read_record(Member, ask(members.get, member))

    def bot_list(self, page: PageRequest) -> str:
        return ask(bots.list, wanted(page))  # type: ignore[no-any-return]

    def bot_get(self, bot: str) -> str:
        return ask(bots.get, bot)  # type: ignore[no-any-return]

    def bot_status(self) -> str:
        return ask(bots.status)  # type: ignore[no-any-return]

    def bot_explain(self, operation: str, resource: str) -> str:
        return ask(bots.explain, operation, resource)  # type: ignore[no-any-return]

    def bot_grant_list(self) -> str:
        return ask(bots.bot_grant_list)  # type: ignore[no-any-return]

    def bot_limit_get(self) -> str:
        return ask(bots.bot_limit_get)  # type: ignore[no-any-return]

    def bot_subscription_get(self) -> str:
        return ask(bots.bot_subscription_get)  # type: ignore[no-any-return]

    def bot_subscription_put(self, events: list[str] | None, rooms: list[str] | None) -> str:
        return ask(bots.bot_subscription_put, events, rooms)  # type: ignore[no-any-return]

    def bot_call(self, bot: str, method: str, input: str, timeout_ms: int | None) -> str:
        answer = ask(calls.call, bot, method, input, timeout_ms)
        if isinstance(answer, Err):
            raise errors.Failed(answer.value)
        return answer.value  # type: ignore[no-any-return]

    def bot_call_answer(self, call: str, answer: str | None, failure: str) -> None:
        ask(calls.answer, call, Err(failure) if answer is None else Ok(answer))

    def event_sync(self, cursor: str | None) -> str:
        return ask(events.sync, cursor)  # type: ignore[no-any-return]

    def room_event_list(self, room: str, after: int, limit: int) -> str:
        return ask(events.room_event_list, room, after, limit)  # type: ignore[no-any-return]

    def kv_put(self, key: str, value: bytes, expected: int | None) -> int:
        return ask(kv.put, key, value, expected)  # type: ignore[no-any-return]

    def kv_delete(self, key: str) -> bool:
        return ask(kv.delete, key)  # type: ignore[no-any-return]

    def kv_list(self, prefix: str, page: PageRequest) -> Page[Entry]:
        return page_of(Entry, ask(kv.list, prefix, wanted(page)), "entries")

    def file_list(self, room: str, page: PageRequest) -> Page[File]:
        return page_of(File, ask(files.list, room, wanted(page)), "files")

    def file_get(self, file: str) -> File:
        return read_record(File, ask(files.get, file))

    def file_delete(self, file: str) -> None:
        ask(files.delete, file)

    def timer_list(self, page: PageRequest) -> str:
        return ask(timers.list, wanted(page))  # type: ignore[no-any-return]

    def timer_cancel(self, timer: str) -> None:
        ask(timers.cancel, timer)

    def approval_list(self, state: str | None, page: PageRequest) -> str:
        return ask(approvals.list, state, wanted(page))  # type: ignore[no-any-return]

    def approval_get(self, approval: str) -> str:
        return ask(approvals.get, approval)  # type: ignore[no-any-return]

    def approval_cancel(self, approval: str) -> str:
        return ask(approvals.cancel, approval)  # type: ignore[no-any-return]

    def permission_check(self, questions: Sequence[tuple[str, str]]) -> list[bool]:
        asked = [meshes.PermissionQuestion(permission, resource) for permission, resource in questions]
        return ask(meshes.permission_check, asked)  # type: ignore[no-any-return]

    def kv_get(self, key: str) -> tuple[bytes, int] | None:
        found = ask(kv.get, key)
        return None if found is None else (found.bytes, found.version)

    def file_download(self, file: str) -> ReadsFile:
        return ComponentReader(ask(files.download, file))

    def file_upload(self, room: str, name: str) -> WritesFile:
        return ComponentWriter(ask(files.upload, room, name))

    def timer_create(self, timer: NewTimer) -> str:
        new = timers.NewTimer(timer.at, timer.cron, timer.zone, timer.room, timer.data)
        return ask(timers.create, new)  # type: ignore[no-any-return]

    def approval_request(self, request: NewApproval) -> str:
        new = approvals.NewRequest(
            request.question,
            request.choices,
            request.room,
            request.operation,
            request.input,
            request.expires_in_s,
        )
        return ask(approvals.request, new)  # type: ignore[no-any-return]

    def fetch(self, request: OutboundRequest) -> OutboundResponse:
        headers = [http.SecretHeader(header.name, header.prefix, header.secret) for header in request.secrets]
        new = http.Request(request.method, request.url, request.headers, headers, request.body, request.timeout_ms)
        answer = ask(http.fetch, new)
        return OutboundResponse(answer.status, answer.headers, answer.body)
