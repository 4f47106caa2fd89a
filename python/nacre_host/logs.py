"""The log: one JSON object a line on stderr, `{"level", "message", "step", "object_id"}` (plugin contract 7.3)."""

import contextvars
import io
import json
import logging
import os

MESSAGE_CHARACTERS_MAX = 8192

current_step: contextvars.ContextVar[str | None] = contextvars.ContextVar("step", default=None)
current_object: contextvars.ContextVar[str | None] = contextvars.ContextVar("object_id", default=None)


def log(level: str, message: str) -> None:
    """Writes one line; a long message is cut and says so."""
    if len(message) > MESSAGE_CHARACTERS_MAX:
        left = len(message) - MESSAGE_CHARACTERS_MAX
        message = f"{message[:MESSAGE_CHARACTERS_MAX]}… ({left} characters more)"
    line = {"level": level, "message": message, "step": current_step.get(), "object_id": current_object.get()}
    try:
        os.write(2, json.dumps(line).encode() + b"\n")
    except OSError:
        # A log that nobody reads any more is no reason to stop working.
        pass


class LineLog(io.TextIOBase):
    """What a plugin prints, as log lines."""

    def __init__(self, level: str) -> None:
        self._level = level
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line:
                log(self._level, line)
        if len(self._rest) > MESSAGE_CHARACTERS_MAX:
            log(self._level, self._rest)
            self._rest = ""
        return len(text)

    def fileno(self) -> int:
        return 2


class LogHandler(logging.Handler):
    """Hands the records of Python's logging to the log."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = self.format(record)
        except Exception as error:  # a bad format string must not stop the step that logs
            message = f"{record.msg!r} could not be formatted: {error}"
        log(record.levelname.lower(), message)


def logger(name: str) -> logging.Logger:
    """A standard logger whose lines go to the log."""
    root = logging.getLogger()
    if not any(isinstance(handler, LogHandler) for handler in root.handlers):
        root.addHandler(LogHandler())
        root.setLevel(logging.INFO)
    return logging.getLogger(name)
