"""Types of components: reads them, writes them again with other indices, and says how they look to a core module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .wasm import NotUnderstood, Reader, extern_name, name, number, positive, vector

# Core types, by the letters of their binary form.
I32, I64, F32, F64 = 0x7F, 0x7E, 0x7D, 0x7C

# How many values may cross as such; more are passed in memory.
MOST_PARAMETERS = 16

_PRIMITIVES: dict[int, tuple[int, ...]] = {
    0x7F: (I32,),  # bool
    0x7E: (I32,),  # s8
    0x7D: (I32,),  # u8
    0x7C: (I32,),  # s16
    0x7B: (I32,),  # u16
    0x7A: (I32,),  # s32
    0x79: (I32,),  # u32
    0x78: (I64,),  # s64
    0x77: (I64,),  # u64
    0x76: (F32,),
    0x75: (F64,),
    0x74: (I32,),  # char
    0x73: (I32, I32),  # string
}

Flat = tuple[int, ...]


@dataclass(frozen=True)
class Resource:
    """A type of handles."""


@dataclass(frozen=True)
class Function:
    """A function as the core module behind it has it."""

    parameters: Flat
    results: Flat


@dataclass(frozen=True)
class Declaration:
    """One line of an instance's type: `type`, `alias`, `resource`, `equal` or `function`."""

    kind: str
    name: str = ""
    index: int = 0
    content: bytes = b""


@dataclass
class Instance:
    """The type of an instance."""

    declarations: list[Declaration] = field(default_factory=list)
    exports: dict[str, Known] = field(default_factory=dict)


# What a type index stands for. Of value types only what a core module sees of them is kept.
Known = Flat | Resource | Function | Instance


def read(reader: Reader, known: Sequence[Known], renamed: Sequence[int]) -> tuple[bytes, Known]:
    """Reads one definition; gives it back with each index `i` changed to `renamed[i]`, and what it is."""
    return _Types(reader, known, renamed).definition()


class _Types:
    def __init__(self, reader: Reader, known: Sequence[Known], renamed: Sequence[int]) -> None:
        self.reader = reader
        self.known = known
        self.renamed = renamed

    def definition(self) -> tuple[bytes, Known]:
        tag = self.reader.byte()
        if tag == 0x42:
            return b"", _instance(self.reader, self.known)
        written, meaning = self._function() if tag == 0x40 else self._value(tag)
        return bytes([tag]) + written, meaning

    def _function(self) -> tuple[bytes, Function]:
        parameters, flat = self._fields()
        shape = self.reader.byte()
        if shape == 0:
            result, flat_result = self._use()
        else:
            result, flat_result = bytes([self.reader.byte()]), ()
        core = Function(
            flat if len(flat) <= MOST_PARAMETERS else (I32,),
            flat_result if len(flat_result) <= 1 else (I32,),
        )
        return parameters + bytes([shape]) + result, core

    def _value(self, tag: int) -> tuple[bytes, Flat]:
        if tag in _PRIMITIVES:
            return b"", _PRIMITIVES[tag]
        match tag:
            case 0x72:  # record
                return self._fields()
            case 0x71:  # variant
                return self._variant()
            case 0x70:  # list
                return self._use()[0], (I32, I32)
            case 0x6F:  # tuple
                uses = [self._use() for _ in range(self.reader.number())]
                return vector(use for use, _ in uses), sum((flat for _, flat in uses), ())
            case 0x6E | 0x6D:  # flags, enum
                return vector(name(self.reader.name()) for _ in range(self.reader.number())), (I32,)
            case 0x6B:  # option
                written, flat = self._use()
                return written, _either([(), flat])
            case 0x6A:  # result
                ok, error = self._maybe(), self._maybe()
                return ok[0] + error[0], _either([ok[1], error[1]])
            case 0x69 | 0x68:  # own, borrow
                return number(self.renamed[self.reader.number()]), (I32,)
        raise NotUnderstood(f"a type of the kind {tag:#x}")

    def _fields(self) -> tuple[bytes, Flat]:
        written: list[bytes] = []
        flat: Flat = ()
        for _ in range(self.reader.number()):
            label = name(self.reader.name())
            use, part = self._use()
            written.append(label + use)
            flat += part
        return vector(written), flat

    def _variant(self) -> tuple[bytes, Flat]:
        written: list[bytes] = []
        cases: list[Flat] = []
        for _ in range(self.reader.number()):
            label = name(self.reader.name())
            use, flat = self._maybe()
            written.append(label + use + bytes([self.reader.byte()]))
            cases.append(flat)
        return vector(written), _either(cases)

    def _maybe(self) -> tuple[bytes, Flat]:
        if self.reader.byte() == 0:
            return b"\0", ()
        written, flat = self._use()
        return b"\1" + written, flat

    def _use(self) -> tuple[bytes, Flat]:
        """A type where it is used: a primitive one, or the index of another."""
        index = self.reader.signed()
        if index < 0:
            return bytes([index & 0x7F]), _PRIMITIVES[index & 0x7F]
        flat = self.known[index]
        if not isinstance(flat, tuple):
            raise NotUnderstood("a value whose type is none of values")
        return positive(self.renamed[index]), flat


def _either(cases: Sequence[Flat]) -> Flat:
    """A number that says which, and then room for any of the cases."""
    joined: list[int] = []
    for case in cases:
        for at, wanted in enumerate(case):
            if at == len(joined):
                joined.append(wanted)
            elif joined[at] != wanted:
                joined[at] = I32 if {joined[at], wanted} == {I32, F32} else I64
    return (I32, *joined)


def _instance(reader: Reader, outer: Sequence[Known]) -> Instance:
    """Reads what an instance consists of; `outer` are the types around it."""
    instance = Instance()
    known: list[Known] = []
    for _ in range(reader.number()):
        declaration, meaning = _declaration(reader, known, outer)
        instance.declarations.append(declaration)
        if declaration.name:
            instance.exports[declaration.name] = meaning
        if declaration.kind != "function":
            known.append(meaning)
    return instance


def _declaration(reader: Reader, known: list[Known], outer: Sequence[Known]) -> tuple[Declaration, Known]:
    match reader.byte():
        case 1:
            start = reader.at
            _, meaning = read(reader, known, range(len(known)))
            return Declaration("type", content=reader.data[start : reader.at]), meaning
        case 2:
            if reader.take(3) != b"\x03\x02\x01":
                raise NotUnderstood("an alias that is not of a type one further out")
            index = reader.number()
            return Declaration("alias", index=index), outer[index]
        case 4:
            return _export(reader.extern_name(), reader, known)
    raise NotUnderstood("a line of the type of an instance")


def _export(called: str, reader: Reader, known: list[Known]) -> tuple[Declaration, Known]:
    match reader.byte():
        case 1:
            index = reader.number()
            return Declaration("function", called, index), known[index]
        case 3:
            if reader.byte() == 1:
                return Declaration("resource", called), Resource()
            index = reader.number()
            return Declaration("equal", called, index), known[index]
    raise NotUnderstood(f"what `{called}` is")


def written(instance: Instance, moved: Mapping[int, int]) -> bytes:
    """The type of an instance, whose types from further out are at `moved[i]` now."""
    return b"\x42" + vector(_line(declaration, moved) for declaration in instance.declarations)


def _line(declaration: Declaration, moved: Mapping[int, int]) -> bytes:
    export = b"\x04" + extern_name(declaration.name)
    match declaration.kind:
        case "type":
            return b"\x01" + declaration.content
        case "alias":
            if declaration.index not in moved:
                raise NotUnderstood("an interface that needs one that is refused")
            return b"\x02\x03\x02\x01" + number(moved[declaration.index])
        case "resource":
            return export + b"\x03\x01"
        case "equal":
            return export + b"\x03\0" + number(declaration.index)
    return export + b"\x01" + number(declaration.index)
