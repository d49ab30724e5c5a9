"""What a component begins with, up to its first module: the types and imports of its interfaces."""

from __future__ import annotations

from dataclasses import dataclass

from .types import Instance, Known, read, written
from .wasm import (
    ALIAS,
    IMPORT,
    SORT_INSTANCE,
    SORT_TYPE,
    TYPE,
    NotUnderstood,
    Reader,
    extern_name,
    name,
    number,
    section,
    sections,
    sort_index,
    vector,
)


@dataclass(frozen=True)
class Refused:
    """An import that is taken out."""

    name: str
    instance: Instance
    sections: tuple[bytes, ...]
    """Everything before it, as it was."""
    imports: tuple[str, ...]
    """The names of the imports before it."""
    types: int
    """How many types there are before it."""


class Begin:
    """The beginning of a component, as it is and without the imports that are refused."""

    def __init__(self, component: bytes, refused: str) -> None:
        self.types: list[Known] = []
        self.refused: list[Refused] = []
        # Without what is refused: the sections, the names of the imports, and how many types there are.
        self.sections: list[bytes] = []
        self.imports: list[str] = []
        self.type_count = 0
        # Where types are then. Those of refused imports are nowhere: their import and name.
        self.moved: dict[int, int] = {}
        self.lost: dict[int, tuple[str, str]] = {}
        self._prefix = refused
        self._all: list[bytes] = []
        self._instances: list[tuple[str, Instance]] = []
        read_one = {TYPE: self._type, IMPORT: self._import, ALIAS: self._alias}
        for kind, content in sections(component):
            if kind not in read_one:
                break
            reader = Reader(content)
            for _ in range(reader.number()):
                start = reader.at
                read_one[kind](reader)
                self._all.append(section(kind, vector([reader.data[start : reader.at]])))

    def _type(self, reader: Reader) -> None:
        """The type of an interface. It is kept when the interface is."""
        self.types.append(read(reader, self.types, range(len(self.types)))[1])

    def _import(self, reader: Reader) -> None:
        called = reader.extern_name()
        if reader.byte() != SORT_INSTANCE:
            raise NotUnderstood(f"the import `{called}`, which is not an interface")
        instance = self.types[reader.number()]
        if not isinstance(instance, Instance):
            raise NotUnderstood(f"the import `{called}`, whose type is not that of an interface")
        if called.startswith(self._prefix):
            before = tuple(other for other, _ in self._instances)
            self.refused.append(Refused(called, instance, tuple(self._all), before, len(self.types)))
        else:
            kept = self._keep_type(TYPE, written(instance, self.moved))
            self.sections.append(section(IMPORT, vector([extern_name(called) + sort_index(SORT_INSTANCE, kept)])))
            self.imports.append(called)
        self._instances.append((called, instance))

    def _alias(self, reader: Reader) -> None:
        if reader.take(2) != bytes([SORT_TYPE, 0]):
            raise NotUnderstood("an alias before the first module that is not of a type")
        called, instance = self._instances[reader.number()]
        export = reader.name()
        if called.startswith(self._prefix):
            self.lost[len(self.types)] = called, export
        else:
            of = bytes([SORT_TYPE, 0]) + number(self.imports.index(called))
            self.moved[len(self.types)] = self._keep_type(ALIAS, of + name(export))
        self.types.append(instance.exports[export])

    def _keep_type(self, kind: int, content: bytes) -> int:
        self.sections.append(section(kind, vector([content])))
        self.type_count += 1
        return self.type_count - 1
