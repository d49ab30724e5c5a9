"""Rooms, members, messages and files of a mesh in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import Conflict, Denied, Invalid, NotFound
from ..host import MessageChange, NewMessage, NewRoom, Page, PageRequest, ReadsFile, WritesFile
from ..models import Action, Attachment, File, Member, Message, ReactionCount, Room, RoomMember, Thread
from .people import tick
from .state import State, paged

_LONGEST_TEXT = 64 * 1024


class TalkCalls:
    """What is said, where and by whom."""

    state: State

    def room_list(self, page: PageRequest) -> Page[Room]:
        self.state.permit("room.read")
        return paged(self.state.rooms, page)

    def room_get(self, room: str) -> Room:
        self.state.permit("room.read")
        return self.state.find_room(room)

    def room_create(self, room: NewRoom) -> Room:
        self.state.permit("room.create")
        slug = room.slug or room.name.lower().replace(" ", "-")
        return self.state.new_room(room.name, slug, room.purpose or "", room.join_rule, "owner")

    def room_join(self, room: str) -> None:
        self.state.permit("room.join")
        self._my_role(room, "participant")

    def room_leave(self, room: str) -> None:
        self.state.permit("room.read")
        self._my_role(room, None)

    def room_member_list(self, room: str, page: PageRequest) -> Page[RoomMember]:
        """Everybody is in every room."""
        self.state.permit("room.read")
        id = self.state.find_room(room).id
        return paged([RoomMember(id, member, "participant") for member in self.state.members], page)

    def room_member_add(self, room: str, member: str) -> RoomMember:
        self.state.permit("room.invite")
        return RoomMember(self.state.find_room(room).id, self.state.find_member(member), "participant")

    def room_member_remove(self, room: str, member: str) -> None:
        self.state.permit("room.moderate")
        self.state.find_room(room)
        self.state.find_member(member)

    def member_list(self, page: PageRequest) -> Page[Member]:
        self.state.permit("member.read")
        return paged(self.state.members, page)

    def member_get(self, member: str) -> Member:
        self.state.permit("member.read")
        return self.state.find_member(member)

    def message_post(self, message: NewMessage) -> Message:
        self.state.permit("message.post")
        room = self.state.my_room(message.room)
        _check_text(message.text, bool(message.files) or message.streaming)
        _check_actions(message.actions)
        for file in message.files:
            if file not in self.state.files or self.state.files[file][0].room_id != room.id:
                raise NotFound(file)
        files = [_attachment(self._file(file)[0]) for file in message.files]
        return self.state.keep(
            message.text,
            self.state.me,
            room.id,
            thread_id=message.thread,
            reply_to=message.reply_to,
            hops=1,
            files=files,
            streaming=message.streaming,
            actions=message.actions,
        )

    def message_get(self, message: str) -> Message:
        self.state.permit("message.read")
        return self.state.find_message(message)

    def message_list(self, room: str, page: PageRequest) -> Page[Message]:
        self.state.permit("message.read")
        id = self.state.find_room(room).id
        return paged([one for one in reversed(self.state.messages) if one.room_id == id], page)

    def message_edit(self, message: str, change: MessageChange) -> Message:
        found = self._own(message)
        fields: dict[str, Any] = {}
        if change.text is not None:
            _check_text(change.text, False)
            fields |= {"text": change.text, "streaming": False}
        elif found.streaming:
            raise Conflict("more of the text is to come")
        if change.actions is not None:
            _check_actions(change.actions)
            fields["actions"] = change.actions
        if not fields:
            raise Invalid("there is a text, or there are buttons")
        return self.state.edit(message, **fields)

    def message_append(self, message: str, offset: int, text: str, last: bool) -> int:
        found = self._own(message)
        there = len(found.text.encode())
        if not found.streaming or offset != there:
            raise Conflict(f"the text has {there} bytes")
        _check_text(found.text + text, not last or bool(found.files))
        self.state.change(message, text=found.text + text, streaming=not last)
        return there + len(text.encode())

    def message_act(self, message: str, action: str, values: str | None) -> None:
        self.state.permit("message.react")
        if all(button.id != action for button in self.state.find_message(message).actions):
            raise Conflict("this message has no such button")

    def message_delete(self, message: str) -> None:
        self.state.permit("message.delete")
        self.state.messages.remove(self.state.find_message(message))

    def thread_list(self, room: str, page: PageRequest) -> Page[Thread]:
        self.state.permit("message.read")
        id = self.state.find_room(room).id
        ids = dict.fromkeys(one.thread_id for one in self.state.messages if one.room_id == id and one.thread_id)
        return paged([self._thread(thread) for thread in ids], page)

    def thread_get(self, thread: str) -> Thread:
        self.state.permit("message.read")
        return self._thread(thread)

    def thread_replies(self, thread: str, page: PageRequest) -> Page[Message]:
        self.state.permit("message.read")
        return paged([one for one in self.state.messages if one.thread_id == thread], page)

    def reaction_add(self, message: str, emoji: str) -> None:
        self.state.permit("message.react")
        self.state.find_message(message)
        if (message, emoji) not in self.state.reactions:
            self.state.reactions.append((message, emoji))
        self._count(message)

    def reaction_remove(self, message: str, emoji: str) -> None:
        self.state.permit("message.react")
        self.state.find_message(message)
        if (message, emoji) in self.state.reactions:
            self.state.reactions.remove((message, emoji))
        self._count(message)

    def file_list(self, room: str, page: PageRequest) -> Page[File]:
        self.state.permit("file.read")
        id = self.state.find_room(room).id
        return paged([file for file, _ in reversed(self.state.files.values()) if file.room_id == id], page)

    def file_get(self, file: str) -> File:
        self.state.permit("file.read")
        return self._file(file)[0]

    def file_download(self, file: str) -> ReadsFile:
        self.state.permit("file.read")
        return _Reader(self._file(file)[1])

    def file_upload(self, room: str, name: str) -> WritesFile:
        self.state.permit("file.upload")
        return _Writer(self.state, self.state.my_room(room).id, name)

    def file_delete(self, file: str) -> None:
        self.state.permit("file.manage")
        self._file(file)
        del self.state.files[file]
        self.state.messages = [
            replace(one, files=[shown for shown in one.files if shown.id != file]) for one in self.state.messages
        ]

    def _own(self, id: str) -> Message:
        self.state.permit("message.edit")
        found = self.state.find_message(id)
        if found.author != self.state.me:
            raise Denied("ownership", "only its author may change a message")
        return found

    def _my_role(self, room: str, role: str | None) -> None:
        found = self.state.find_room(room)
        self.state.rooms[self.state.rooms.index(found)] = replace(found, my_role=role)

    def _thread(self, id: str) -> Thread:
        replies = [one for one in self.state.messages if one.thread_id == id]
        if not replies:
            raise NotFound(id)
        root = id.replace("thread_", "msg_")
        return Thread(id, replies[0].room_id, root, "", False, False, len(replies), replies[-1].created_at)

    def _count(self, id: str) -> None:
        """Writes the bot's reactions to the message that they are on."""
        old = self.state.find_message(id)
        counts = [ReactionCount(emoji, 1, True) for message, emoji in self.state.reactions if message == id]
        self.state.messages[self.state.messages.index(old)] = replace(old, reactions=counts)

    def _file(self, id: str) -> tuple[File, bytes]:
        if id not in self.state.files:
            raise NotFound(id)
        return self.state.files[id]


def _attachment(file: File) -> Attachment:
    return Attachment(file.id, file.name, file.media_type, file.size)


def _check_text(text: str, may_be_empty: bool) -> None:
    if not text.strip() and not may_be_empty:
        raise Invalid("a message has a text")
    if len(text.encode()) > _LONGEST_TEXT:
        raise Invalid("a text has at most 64 KiB")


def _check_actions(actions: list[Action]) -> None:
    if len(actions) > 10:
        raise Invalid("a message has at most 10 buttons")
    if len({action.id for action in actions}) < len(actions) or not all(one.id and one.label for one in actions):
        raise Invalid("each button has an id of its own, and a label")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._rest = data

    def read(self, most: int) -> bytes:
        piece, self._rest = self._rest[:most], self._rest[most:]
        return piece

    def drop(self) -> None:
        self._rest = b""


class _Writer:
    def __init__(self, state: State, room: str, name: str) -> None:
        self._state = state
        self._room = room
        self._name = name
        self._data = bytearray()

    def write(self, data: bytes) -> None:
        self._data += data

    def finish(self) -> File:
        return add_file(self._state, self._room, self._name, bytes(self._data))

    def drop(self) -> None:
        self._data.clear()


def add_file(state: State, room: str, name: str, data: bytes) -> File:
    """Puts a file into a room. Its kind is not looked at: it is text, or bytes."""
    try:
        data.decode()
        kind = "text/plain"
    except UnicodeDecodeError:
        kind = "application/octet-stream"
    file = File(state.id("file"), room, name, kind, len(data), tick(state.count))
    state.files[file.id] = file, data
    return file
