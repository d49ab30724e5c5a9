"""Messages that people see while they are being written."""

from __future__ import annotations

from types import TracebackType

from .errors import Conflict
from .host import Host, MessageChange
from .models import Message

_LEAST = 64
"""The least that is sent at once, unless the bot says so."""


class MessageWriter:
    """A message that people see while it is being written; see `mesh.reply_streaming` and `mesh.messages.stream`.

    What is written is sent in pieces that grow with the text, so that a long message takes no more than about fifty
    calls. Leaving the `with` block finishes it: other bots hear of the message then, and people whom it mentions are
    notified. A message that gets nothing more for a minute, because an exception left the block for instance, is
    closed by the mesh.

    When the event comes again after a crash, the same text goes on where the first try stopped. Where the second try
    writes something else, the message ends with that.
    """

    def __init__(self, host: Host, message: Message, text: str) -> None:
        self.message = message
        """The message as it was posted."""
        self._host = host
        self._text = text
        self._sent = len(text)
        self._offset = len(text.encode())
        self._apart = False
        self._finished = False

    def write(self, text: str) -> int:
        """Adds text; gives how many characters, which is all of them."""
        if self._finished:
            raise ValueError("the message is finished")
        self._text += text
        if len(self._text) - self._sent >= max(_LEAST, self._sent // 8):
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Shows what was written up to now."""
        if self._sent < len(self._text):
            self._send(False)

    def finish(self) -> None:
        """The message is complete. Leaving a `with` block does this by itself."""
        if self._finished:
            return
        self._send(True)
        if self._apart:
            self._host.message_edit(self.message.id, MessageChange(text=self._text))
        self._finished = True

    def __enter__(self) -> MessageWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()

    def _send(self, last: bool) -> None:
        """Sends what was not sent, unless something else is there than what this writes."""
        if self._apart:
            return
        new = self._text[self._sent :]
        try:
            self._host.message_append(self.message.id, self._offset, new, last)
        except Conflict:
            self._apart = True
            return
        self._sent = len(self._text)
        self._offset += len(new.encode())
