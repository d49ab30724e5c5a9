"""Takes the network out of a component.

Python's runtime imports `wasi:sockets`, whether a bot uses it or not, and a mesh refuses components that do. So the
component is put into another one that has the same imports without those, and gives it sockets that do not work:
whoever opens one ends the instance. `mesh.fetch` is how a bot speaks to others.

    the component around
        imports what stays
        stand-in: all functions that were refused, under plain names, with one memory for all of them
        for each interface that was refused, one that gives the functions their names again
        the component as it was
        exports the handler
"""

from __future__ import annotations

from .begin import Begin
from .renamed import renamed
from .stand_in import StandIn
from .wasm import (
    ALIAS,
    COMPONENT,
    EXPORT,
    HEADER,
    INSTANCE,
    SORT_INSTANCE,
    extern_name,
    name,
    number,
    section,
    sort_index,
    vector,
)


def without_sockets(component: bytes, export: str) -> bytes:
    """The component without its imports of sockets; of its exports it keeps the instance `export`."""
    begin = Begin(component, "wasi:sockets/")
    around = _Around(begin)
    stand_in = around.instance(StandIn(begin).written(), begin.imports)
    for refused in begin.refused:
        around.named["functions"] = around.alias(stand_in, refused.name)
        around.named[refused.name] = around.instance(renamed(refused), ["functions", *refused.imports])
    whole = around.instance(component, [name for name in around.named if name != "functions"])
    around.export(export, around.alias(whole, export))
    return HEADER + b"".join(around.out)


class _Around:
    """The component around, as it is written."""

    def __init__(self, begin: Begin) -> None:
        self.out = list(begin.sections)
        # Instances that are given to others, by the names that they are imported by.
        self.named = {called: index for index, called in enumerate(begin.imports)}
        self._components = 0
        self._instances = len(begin.imports)

    def instance(self, component: bytes, imports: list[str]) -> int:
        """Makes an instance of a component, and gives it the instances of these names."""
        given = [name(called) + sort_index(SORT_INSTANCE, self.named[called]) for called in imports]
        self.out.append(section(COMPONENT, component))
        self._components += 1
        return self._add(INSTANCE, b"\0" + number(self._components - 1) + vector(given))

    def alias(self, instance: int, export: str) -> int:
        """Gives an index to an instance that another one exports."""
        return self._add(ALIAS, bytes([SORT_INSTANCE, 0]) + number(instance) + name(export))

    def export(self, called: str, instance: int) -> None:
        exported = extern_name(called) + sort_index(SORT_INSTANCE, instance) + b"\0"
        self.out.append(section(EXPORT, vector([exported])))

    def _add(self, kind: int, content: bytes) -> int:
        self.out.append(section(kind, vector([content])))
        self._instances += 1
        return self._instances - 1
