"""The binary format of components, as far as the build needs it: numbers, names and sections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

HEADER = b"\0asm\x0d\0\1\0"
MODULE_HEADER = b"\0asm\1\0\0\0"

# Sections of a component, by their ids.
CUSTOM, CORE_MODULE, CORE_INSTANCE = 0, 1, 2
COMPONENT, INSTANCE, ALIAS, TYPE, CANON = 4, 5, 6, 7, 8
IMPORT, EXPORT = 10, 11

# What an index counts.
SORT_FUNC, SORT_TYPE, SORT_INSTANCE = 1, 3, 5


class NotUnderstood(Exception):
    """The component has a part that this build does not know; its toolchain is probably another version."""


class Reader:
    """Reads a piece of a binary from front to back."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def __bool__(self) -> bool:
        return self.at < len(self.data)

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def take(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self) -> int:
        """An unsigned LEB128."""
        return self._leb()[0]

    def signed(self) -> int:
        """A signed LEB128."""
        value, bits = self._leb()
        return value - (1 << bits) if value >> (bits - 1) else value

    def name(self) -> str:
        return self.take(self.number()).decode()

    def extern_name(self) -> str:
        """The name of an import or export, which has a byte for its form before it."""
        if self.byte() > 1:
            raise NotUnderstood("a name with options")
        return self.name()

    def _leb(self) -> tuple[int, int]:
        value = bits = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << bits
            bits += 7
            if byte < 0x80:
                return value, bits


def number(value: int) -> bytes:
    """An unsigned LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def positive(value: int) -> bytes:
    """A signed LEB128 of a number that is not negative."""
    encoded = number(value)
    if encoded[-1] & 0x40:
        encoded = encoded[:-1] + bytes([encoded[-1] | 0x80, 0])
    return encoded


def name(text: str) -> bytes:
    encoded = text.encode()
    return number(len(encoded)) + encoded


def extern_name(text: str) -> bytes:
    """The name of an import or export, with the byte for its form."""
    return b"\0" + name(text)


def sort_index(sort: int, index: int) -> bytes:
    """An index, and what it counts."""
    return bytes([sort]) + number(index)


def vector(items: Iterable[bytes]) -> bytes:
    listed = list(items)
    return number(len(listed)) + b"".join(listed)


def section(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + number(len(content)) + content


def custom_section(called: str, content: bytes) -> bytes:
    return section(CUSTOM, name(called) + content)


def sections(component: bytes) -> Iterator[tuple[int, bytes]]:
    """The sections of a component: kind and content."""
    reader = Reader(component)
    if reader.take(8) != HEADER:
        raise NotUnderstood("this is not a component")
    while reader:
        yield reader.byte(), reader.take(reader.number())
