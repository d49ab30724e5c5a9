"""Messages, reactions and threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ._json import write
from ._pages import walk
from .host import Host, MessageChange, NewMessage
from .models import Action, Message, Thread
from .writer import MessageWriter


@dataclass(frozen=True)
class Messages:
    """Messages; this is `mesh.messages`."""

    _host: Host

    def post(
        self,
        room: str,
        text: str,
        *,
        thread: str | None = None,
        reply_to: str | None = None,
        files: Iterable[str] = (),
        actions: Iterable[Action] = (),
    ) -> Message:
        """Posts a message to a room. Needs `message.post`.

        `text` is CommonMark, at most 64 KiB; it may be empty beside files. `files` are ids of files that this bot
        uploaded to the room and that no message shows yet. `actions` are buttons, at most 10; `on_action` is told when
        somebody presses one.
        """
        return self._host.message_post(NewMessage(room, text, thread, reply_to, list(files), False, list(actions)))

    def stream(
        self,
        room: str,
        text: str = "",
        *,
        thread: str | None = None,
        reply_to: str | None = None,
        files: Iterable[str] = (),
        actions: Iterable[Action] = (),
    ) -> MessageWriter:
        """Posts a message of which more is to come: people see it while it is written.

        `text` is its beginning. Needs `message.post` and `message.edit`.
        """
        new = NewMessage(room, text, thread, reply_to, list(files), True, list(actions))
        return MessageWriter(self._host, self._host.message_post(new), text)

    def get(self, message: str) -> Message:
        """One message. Needs `message.read`."""
        return self._host.message_get(message)

    def list(self, room: str, *, page_size: int | None = None) -> Iterator[Message]:
        """The messages of a room, newest first. Needs `message.read`."""
        return walk(lambda page: self._host.message_list(room, page), page_size)

    def edit(self, message: str, text: str) -> Message:
        """Changes the text of one of the bot's own messages. Needs `message.edit`."""
        return self.change(message, text=text)

    def change(self, message: str, *, text: str | None = None, actions: Iterable[Action] | None = None) -> Message:
        """Changes the text of one of the bot's own messages, its buttons, or both. Needs `message.edit`.

        An empty list takes the buttons away.
        """
        return self._host.message_edit(message, MessageChange(text, None if actions is None else list(actions)))

    def press(self, message: str, action: str, values: Mapping[str, Any] | None = None) -> None:
        """Presses a button under a message; its author is told, with these values. Needs `message.react`."""
        self._host.message_act(message, action, None if values is None else write(dict(values)))

    def delete(self, message: str) -> None:
        """Deletes a message. Needs `message.delete`."""
        self._host.message_delete(message)

    def react(self, message: str, emoji: str) -> None:
        """Puts an emoji on a message. Needs `message.react`."""
        self._host.reaction_add(message, emoji)

    def unreact(self, message: str, emoji: str) -> None:
        """Takes the bot's own emoji off a message. Needs `message.react`."""
        self._host.reaction_remove(message, emoji)


@dataclass(frozen=True)
class Threads:
    """Threads; this is `mesh.threads`. All of it needs `message.read`."""

    _host: Host

    def get(self, thread: str) -> Thread:
        """One thread."""
        return self._host.thread_get(thread)

    def list(self, room: str, *, page_size: int | None = None) -> Iterator[Thread]:
        """The threads of a room."""
        return walk(lambda page: self._host.thread_list(room, page), page_size)

    def replies(self, thread: str, *, page_size: int | None = None) -> Iterator[Message]:
        """What was said in a thread, oldest first."""
        return walk(lambda page: self._host.thread_replies(thread, page), page_size)
