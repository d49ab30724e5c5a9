"""The words for errors, which are the same in every language."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from mesh_bot import Conflict, Denied, Invalid, MeshError, NotFound, Pending, RateLimited, Unavailable

T = TypeVar("T")
P = ParamSpec("P")

WORDS: dict[type[MeshError], str] = {
    Denied: "denied",
    NotFound: "not found",
    Invalid: "invalid",
    Conflict: "conflict",
    RateLimited: "rate limited",
    Pending: "pending",
    Unavailable: "unavailable",
}


def or_word(command: Callable[Concatenate[T, P], str | None]) -> Callable[Concatenate[T, P], str | None]:
    """Answers with the word for an error that the mesh raises."""

    @wraps(command)
    def answer(bot: T, /, *arguments: P.args, **named: P.kwargs) -> str | None:
        try:
            return command(bot, *arguments, **named)
        except MeshError as error:
            return WORDS[type(error)]

    return answer
