"""A component that gives the functions of an interface the names that only exports of a component can have, such as
`[method]tcp-socket.listen`."""

from __future__ import annotations

from .begin import Refused
from .types import Declaration, Instance, Known, read, written
from .wasm import (
    ALIAS,
    EXPORT,
    HEADER,
    IMPORT,
    SORT_FUNC,
    SORT_INSTANCE,
    SORT_TYPE,
    TYPE,
    Reader,
    extern_name,
    name,
    number,
    section,
    sort_index,
    vector,
)


def plain_name(called: str) -> str:
    """What a function is called before: `[method]tcp-socket.listen` is `method-tcp-socket-listen`."""
    return called.replace("[", "").replace("]", "-").replace(".", "-")


def renamed(interface: Refused) -> bytes:
    """Imports `functions`, the interface with plain names, and exports it with its own.

    It begins as the component inside does, since a type may only be in an export if its parts were imported or
    exported under a name.
    """
    return _Renamed(interface).written()


class _Renamed:
    def __init__(self, interface: Refused) -> None:
        self._interface = interface
        self._out: list[bytes] = []
        self._functions = 0
        self._instance = len(interface.imports)
        # Types come in two forms: imported, and exported. The latter are what exported functions speak of.
        self._types = interface.types
        self._indices: list[int] = []
        self._known: list[Known] = []

    def written(self) -> bytes:
        self._import()
        for declaration in self._interface.instance.declarations:
            self._declare(declaration)
        return b"".join([HEADER, *self._interface.sections, *self._out])

    def _import(self) -> None:
        plain = Instance(
            [
                Declaration(line.kind, plain_name(line.name), line.index, line.content)
                for line in self._interface.instance.declarations
            ]
        )
        index = self._new_type(TYPE, written(plain, {index: index for index in range(self._types)}))
        imported = extern_name("functions") + sort_index(SORT_INSTANCE, index)
        self._out.append(section(IMPORT, vector([imported])))

    def _declare(self, line: Declaration) -> None:
        match line.kind:
            case "type":
                content, meaning = read(Reader(line.content), self._known, self._indices)
                self._know(self._new_type(TYPE, content), meaning)
            case "alias":
                self._know(line.index, ())
            case "function":
                self._function(line)
            case _:
                imported = self._new_type(ALIAS, self._imported(SORT_TYPE, line.name))
                exported = self._new_type(EXPORT, extern_name(line.name) + sort_index(SORT_TYPE, imported) + b"\0")
                self._know(exported, ())

    def _function(self, line: Declaration) -> None:
        self._out.append(section(ALIAS, vector([self._imported(SORT_FUNC, plain_name(line.name))])))
        typed = b"\1" + sort_index(SORT_FUNC, self._indices[line.index])
        exported = extern_name(line.name) + sort_index(SORT_FUNC, self._functions) + typed
        self._out.append(section(EXPORT, vector([exported])))
        self._functions += 2  # What is exported is one more.

    def _imported(self, sort: int, called: str) -> bytes:
        return bytes([sort, 0]) + number(self._instance) + name(called)

    def _know(self, index: int, meaning: Known) -> None:
        # What types look like in a module does not matter here: no function is made.
        self._indices.append(index)
        self._known.append(meaning if isinstance(meaning, tuple) else ())

    def _new_type(self, kind: int, content: bytes) -> int:
        self._out.append(section(kind, vector([content])))
        self._types += 1
        return self._types - 1
