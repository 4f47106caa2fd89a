"""Coroutines of plugins, run to their end."""

import asyncio
import inspect
import os
import socket

_loop: asyncio.AbstractEventLoop | None = None


def settle(value: object) -> object:
    """The value, or what it comes to where it must be awaited. One loop for all: services may hold sessions of it."""
    global _loop
    if not inspect.isawaitable(value):
        return value
    if _loop is None:
        _loop = asyncio.new_event_loop()

    async def wait() -> object:
        return await value

    return _loop.run_until_complete(wait())


class PipeEnd:
    """One end of a pipe with the few methods of a socket that an event loop wakes itself with."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def setblocking(self, is_blocking: bool) -> None:
        os.set_blocking(self._descriptor, is_blocking)

    def recv(self, size: int) -> bytes:
        return os.read(self._descriptor, size)

    def send(self, data: bytes) -> int:
        return os.write(self._descriptor, data)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def allow_loops_without_sockets() -> None:
    """Where the launcher denies sockets, `socket.socketpair` gives pipes: event loops need nothing else of it."""
    try:
        for end in socket.socketpair():
            end.close()
    except PermissionError:
        socket.socketpair = lambda *arguments: tuple(PipeEnd(end) for end in os.pipe())
