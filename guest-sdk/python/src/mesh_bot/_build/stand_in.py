"""A component that has interfaces whose functions do nothing but end the instance."""

from __future__ import annotations

from .begin import Begin, Refused
from .renamed import plain_name
from .types import I32, Declaration, Function, Known, Resource, read
from .wasm import (
    ALIAS,
    CANON,
    CORE_INSTANCE,
    CORE_MODULE,
    EXPORT,
    HEADER,
    INSTANCE,
    MODULE_HEADER,
    SORT_FUNC,
    SORT_INSTANCE,
    SORT_TYPE,
    TYPE,
    NotUnderstood,
    Reader,
    extern_name,
    name,
    number,
    section,
    sort_index,
    vector,
)


class StandIn:
    """Stands in for the interfaces that were refused, all of them with one memory: a mesh allows few. Functions have
    plain names, see `renamed`."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._out: list[bytes] = []
        self._types = begin.type_count
        self._functions: list[Function] = []
        # The index of each type that the interfaces so far export.
        self._exported: dict[tuple[str, str], int] = {}
        for interface in begin.refused:
            self._add(interface)

    def written(self) -> bytes:
        """The component. It exports each interface under its name."""
        first = len(self._begin.imports)
        exports = [
            extern_name(interface.name) + sort_index(SORT_INSTANCE, first + at) + b"\0"
            for at, interface in enumerate(self._begin.refused)
        ]
        module = _trapping_module(self._functions)
        return b"".join([HEADER, *self._begin.sections, *module, *self._out, section(EXPORT, vector(exports))])

    def _add(self, interface: Refused) -> None:
        # Of each type of the interface, its index here and what it is.
        indices: list[int] = []
        known: list[Known] = []
        exports: list[bytes] = []
        for line in interface.instance.declarations:
            if line.kind == "function":
                index = self._function(known[line.index], indices[line.index])
                exports.append(extern_name(plain_name(line.name)) + sort_index(SORT_FUNC, index))
                continue
            index, meaning = self._type(line, indices, known)
            if line.name:
                index = self._export_type(f"{_word(interface.name)}-{line.name}", index)
                self._exported[interface.name, line.name] = index
                exports.append(extern_name(line.name) + sort_index(SORT_TYPE, index))
            indices.append(index)
            known.append(meaning)
        self._out.append(section(INSTANCE, vector([b"\x01" + vector(exports)])))

    def _type(self, line: Declaration, indices: list[int], known: list[Known]) -> tuple[int, Known]:
        match line.kind:
            case "type":
                content, meaning = read(Reader(line.content), known, indices)
                return self._new_type(TYPE, content), meaning
            case "resource":
                return self._new_type(TYPE, b"\x3f\x7f\0"), Resource()  # represented by an i32, no destructor
            case "equal":
                return indices[line.index], known[line.index]
        lost = self._begin.lost.get(line.index)
        index = self._begin.moved[line.index] if lost is None else self._exported[lost]
        return index, self._begin.types[line.index]

    def _export_type(self, called: str, index: int) -> int:
        """Gives a type a name that the outside knows; that makes a new one of it."""
        return self._new_type(EXPORT, extern_name(called) + sort_index(SORT_TYPE, index) + b"\0")

    def _function(self, meaning: Known, type_index: int) -> int:
        if not isinstance(meaning, Function):
            raise NotUnderstood("a function whose type is not that of a function")
        self._functions.append(meaning)
        core = len(self._functions)  # Function 0 is the one that allocates.
        options = [b"\x03\0", b"\x04\0"]  # memory 0, and function 0 to allocate
        self._out.append(section(CANON, vector([b"\0\0" + number(core) + vector(options) + number(type_index)])))
        return core - 1

    def _new_type(self, kind: int, content: bytes) -> int:
        self._out.append(section(kind, vector([content])))
        self._types += 1
        return self._types - 1


def _word(interface: str) -> str:
    """`tcp` of `wasi:sockets/tcp@0.2.9`."""
    return interface.partition("/")[2].partition("@")[0]


def _trapping_module(functions: list[Function]) -> list[bytes]:
    """A core module, instantiated, with a memory, a function that allocates and the others; all of them trap."""
    signatures = [Function((I32,) * 4, (I32,)), *functions]
    types = [b"\x60" + vector(map(_byte, of.parameters)) + vector(map(_byte, of.results)) for of in signatures]
    indices = range(len(signatures))
    exports = [name("memory") + b"\x02\0", *(name(str(at)) + b"\0" + number(at) for at in indices)]
    body = b"\x03\0\0\x0b"  # its size, no locals, unreachable, end
    module = [
        MODULE_HEADER,
        section(1, vector(types)),
        section(3, vector(map(number, indices))),
        section(5, vector([b"\0\0"])),  # a memory without a page
        section(7, vector(exports)),
        section(10, vector([body] * len(signatures))),
    ]
    aliases = [b"\0\x02\x01\0" + name("memory"), *(b"\0\0\x01\0" + name(str(at)) for at in indices)]
    return [
        section(CORE_MODULE, b"".join(module)),
        section(CORE_INSTANCE, vector([b"\0\0\0"])),
        section(ALIAS, vector(aliases)),
    ]


def _byte(value: int) -> bytes:
    return bytes([value])
