"""Brings the lines of Python's `logging` to the bot's log."""

from __future__ import annotations

import json
import logging
from typing import Any

from .host import Host

_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class MeshLogHandler(logging.Handler):
    """Writes each record as a line: the message, then what `extra` holds as `key=value`."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._host.log_write(_level(record.levelno), self.format(record))
        except Exception:
            self.handleError(record)

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        for key, value in vars(record).items():
            if key not in _OF_EVERY_RECORD:
                text += f" {key}={_quoted(value)}"
        if record.exc_info and record.exc_info[0] is not None:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        return text


def _level(number: int) -> str:
    for least, name in ((logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info")):
        if number >= least:
            return name
    return "debug" if number >= logging.DEBUG else "trace"


def _quoted(value: Any) -> str:
    """Quoted where it would otherwise be unclear."""
    text = str(value)
    plain = text and not any(letter.isspace() or letter in '"=' for letter in text)
    return text if plain else json.dumps(text, ensure_ascii=False)
