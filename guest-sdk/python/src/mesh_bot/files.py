"""Files of rooms, moved in pieces."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from ._pages import walk
from .host import Host, ReadsFile, WritesFile
from .models import File

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

PIECE = 64 * 1024
"""How many bytes one call moves, unless told otherwise. What one event may move in all is bounded by the mesh."""


@dataclass(frozen=True)
class Files:
    """Files; this is `mesh.files`."""

    _host: Host

    def list(self, room: str, *, page_size: int | None = None) -> Iterator[File]:
        """The files of a room, newest first. Needs `file.read`."""
        return walk(lambda page: self._host.file_list(room, page), page_size)

    def get(self, file: str) -> File:
        """What a file is. Needs `file.read`."""
        return self._host.file_get(file)

    def download(self, file: str, *, piece: int = PIECE) -> io.BufferedReader:
        """Opens a file to read its bytes, `piece` of them with each call to the mesh. Needs `file.read`.

        with self.mesh.files.download(file_id) as source:
            first_line = source.readline()
        """
        return io.BufferedReader(_Source(self._host.file_download(file)), piece)

    def upload(self, room: str, name: str, *, piece: int = PIECE) -> FileWriter:
        """Begins a file of a room. Needs `file.upload`.

        Leaving the `with` block finishes it, and an exception that leaves the block throws it away. The file is seen
        with the message that names it:

            with self.mesh.files.upload(room_id, "list.txt") as upload:
                upload.write(b"milk")
            self.mesh.messages.post(room_id, "here", files=[upload.file.id])
        """
        return FileWriter(self._host.file_upload(room, name), piece)

    def delete(self, file: str) -> None:
        """Deletes a file, also from the message that shows it. Needs `file.manage`."""
        self._host.file_delete(file)


class FileWriter(io.BufferedIOBase):
    """A file on its way to a room. Nobody sees it before it is finished."""

    def __init__(self, target: WritesFile, piece: int) -> None:
        super().__init__()
        self._target = target
        self._piece = piece
        self._held = bytearray()
        self._file: File | None = None

    @property
    def file(self) -> File:
        """The file, once it is finished."""
        if self._file is None:
            raise ValueError("the upload is not finished")
        return self._file

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Adds bytes; gives how many, which is all of them."""
        if self.closed:
            raise ValueError("the upload is closed")
        view = memoryview(data).cast("B")
        self._held += view
        while len(self._held) >= self._piece:
            self._send(self._piece)
        return len(view)

    def flush(self) -> None:
        """Sends what was written and is still held here."""
        if not self.closed and self._held:
            self._send(len(self._held))

    def finish(self) -> File:
        """Makes the file. Leaving a `with` block does this by itself."""
        if self._file is None:
            self.flush()
            self._file = self._target.finish()
            self.close()
        return self._file

    def close(self) -> None:
        """Throws away what is not finished."""
        if not self.closed:
            self._held.clear()
            super().close()
            self._target.drop()

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and not self.closed:
            self.finish()
        self.close()

    def _send(self, size: int) -> None:
        self._target.write(bytes(self._held[:size]))
        del self._held[:size]


class _Source(io.RawIOBase):
    def __init__(self, source: ReadsFile) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        data = self._source.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._source.drop()
