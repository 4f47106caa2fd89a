"""Failures as data: what went wrong, where in the plugin, and of what kind."""

import errno
import os
import traceback
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Place:
    """A place in the plugin's own files; the file is relative to its folder, the line 1-based, the column 0-based."""

    file: str | None = None
    line: int | None = None
    column: int | None = None


class HostError(Exception):
    """A request that cannot be answered. `kind`: request, not_loaded, parameters, plugin, resource, host."""

    def __init__(self, kind: str, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.place = place or Place()

    def as_json(self) -> dict:
        return {"kind": self.kind, "message": str(self), **asdict(self.place)}


def place_of(error: BaseException, folder: str) -> Place:
    """The innermost line of the plugin's own files that the error came through."""
    if isinstance(error, SyntaxError) and error.filename and _inside(error.filename, folder):
        column = max((error.offset or 1) - 1, 0)
        return Place(os.path.relpath(error.filename, folder), error.lineno, column)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _inside(frame.filename, folder)]
    if not frames:
        return Place()
    last = frames[-1]
    return Place(os.path.relpath(last.filename, folder), last.lineno, getattr(last, "colno", None))


def sentence_of(error: BaseException, folder: str) -> str:
    """`ValueError: no text (core.py:3)`, with what to do about it where that is known."""
    text = str(error)
    name = type(error).__name__
    place = place_of(error, folder)
    where = f" ({place.file}:{place.line})" if place.file else ""
    return f"{name}: {text}{where}{_advice(error)}" if text else f"{name}{where}{_advice(error)}"


def kind_of(error: BaseException) -> str:
    """One of the server's failure types: dependency, network, resource, validation or runtime."""
    if isinstance(error, ImportError):
        return "dependency"
    if is_exhausted(error):
        return "resource"
    if is_network(error):
        return "network"
    return "runtime"


def is_exhausted(error: BaseException) -> bool:
    """True where the process has no memory, open files or threads left."""
    if isinstance(error, OSError):
        return error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
    # Python has no class of its own for it (threading.Thread.start).
    is_threads = isinstance(error, RuntimeError) and "can't start new thread" in str(error)
    return is_threads or isinstance(error, MemoryError)


def is_network(error: BaseException) -> bool:
    """True for an error of, or caused by, the network."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return False
        # urllib's URLError, and the errors of requests, httpx and aiohttp, name their cause or say so in their class.
        if isinstance(seen, (ConnectionError, TimeoutError)) or "Connect" in type(seen).__name__:
            return True
        if type(seen).__name__ in ("URLError", "gaierror"):
            return True
        reason = getattr(seen, "reason", None)
        seen = reason if isinstance(reason, BaseException) else seen.__cause__ or seen.__context__
    return False


def _advice(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name and str(error).startswith("No module named"):
        return "; name it in the manifest's dependencies, and the operator can install it"
    if is_network(error) or isinstance(error, PermissionError) and error.filename is None:
        return "; plugins have no network unless the operator grants it to this plugin"
    return ""


def _inside(filename: str, folder: str) -> bool:
    return os.path.abspath(filename).startswith(os.path.abspath(folder) + os.sep)
