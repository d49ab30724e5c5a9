"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ._json import parse
from .host import Page, PageRequest

T = TypeVar("T")


def walk(fetch: Callable[[PageRequest], Page[T]], page_size: int | None) -> Iterator[T]:
    """Walks through a list that comes in pages, and asks for each when it is reached."""
    request = PageRequest(limit=page_size)
    while True:
        page = fetch(request)
        yield from page.items
        if page.next_cursor is None:
            return
        request = PageRequest(page.next_cursor, page_size)


def json_page(text: str) -> Page[dict[str, Any]]:
    """Reads a page that comes as a JSON document."""
    answer = parse(text)
    return Page(answer["items"], answer.get("next_cursor"))
