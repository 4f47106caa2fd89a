"""Frames: 4 bytes of length, big-endian, then that many bytes of UTF-8 JSON."""

import json
import os
import struct
import sys
from collections.abc import Iterator

from nacre_host.logs import LineLog

FRAME_BYTES_MAX = 256 * 1024 * 1024


class Channel:
    """One side of the talk with the server; reads requests, writes answers, one at a time."""

    def __init__(self, source: int, target: int) -> None:
        self._source = os.fdopen(source, "rb")
        self._target = os.fdopen(target, "wb")

    def requests(self) -> Iterator[dict]:
        """Every request until the server closes its end. Raises ValueError where the stream is no stream of frames."""
        while (head := self._read(4)) is not None:
            (size,) = struct.unpack(">I", head)
            if size > FRAME_BYTES_MAX:
                raise ValueError(f"a frame of {size} bytes; at most {FRAME_BYTES_MAX} are read")
            body = self._read(size)
            if body is None:
                return
            yield json.loads(body)

    def answer(self, value: dict) -> None:
        """Writes one frame. What is too long to send is answered as an error of the same request."""
        body = json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
        if len(body) > FRAME_BYTES_MAX:
            message = f"the answer has {len(body)} bytes; at most {FRAME_BYTES_MAX} fit a frame: send fewer rows"
            error = {"kind": "resource", "message": message, "file": None, "line": None, "column": None}
            body = json.dumps({"id": value.get("id"), "ok": False, "error": error}).encode()
        self._target.write(struct.pack(">I", len(body)) + body)
        self._target.flush()

    def _read(self, size: int) -> bytes | None:
        body = self._source.read(size)
        return body if len(body) == size else None


def take_channel() -> Channel:
    """Takes stdin and stdout for the frames, at once, before any foreign code runs.

    What plugins print goes to the log on stderr, and what they read from stdin is empty.
    """
    source, target = os.dup(0), os.dup(1)
    # A pipe without a writer reads as end of file, and needs no right to open a file.
    empty, writer = os.pipe()
    os.close(writer)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    sys.stdin = os.fdopen(0, "r", closefd=False)
    sys.stdout = LineLog("info")
    sys.stderr = LineLog("warning")
    return Channel(source, target)
