"""The host as the server starts it: a process of its own, frames on its stdin and stdout."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

from tests.support import HOST


class HostProcess:
    """`with HostProcess(folder) as host: host.ask("load", …)`; `log` holds the lines of stderr after the end."""

    def __init__(self, folder: str) -> None:
        command = [sys.executable, "-I", "-B", str(HOST / "main.py"), *site_options()]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=folder, env={}, stdin=pipe, stdout=pipe, stderr=pipe)
        self.log: list[dict] = []

    def ask(self, operation: str, **fields) -> dict:
        self.send(json.dumps({"id": operation, "op": operation, **fields}).encode())
        return self.read()

    def send(self, body: bytes) -> None:
        self._process.stdin.write(struct.pack(">I", len(body)) + body)
        self._process.stdin.flush()

    def read(self) -> dict:
        (size,) = struct.unpack(">I", self._process.stdout.read(4))
        return json.loads(self._process.stdout.read(size))

    def __enter__(self) -> "HostProcess":
        return self

    def __exit__(self, *_) -> None:
        rest, errors = self._process.communicate(timeout=30)
        self.left_on_stdout = rest
        self.code = self._process.returncode
        self.log = [json.loads(line) for line in errors.splitlines()]


def site_options() -> list[str]:
    """Packages that this run has by PYTHONPATH, which `-I` keeps out."""
    folders = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    return [word for folder in folders if os.path.isdir(os.path.join(folder, "pandas")) for word in ("--site", folder)]


def files_below(folder: str) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*"))
