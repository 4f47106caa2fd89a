"""The scan of a whole plugin."""

import os
from collections.abc import Iterator

from nacre_host.scan.source import scan_source
from nacre_host.scan.violation import Violation

VIOLATIONS_MAX = 1000
SOURCE_BYTES_MAX = 5 * 1024 * 1024


def python_files(folder: str) -> Iterator[str]:
    """Every .py of the folder, relative, in order; links are not followed."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not os.path.islink(os.path.join(root, name)))
        for name in sorted(names):
            path = os.path.join(root, name)
            if name.endswith(".py") and not os.path.islink(path):
                yield os.path.relpath(path, folder).replace(os.sep, "/")


def scan_folder(folder: str) -> list[Violation]:
    """Findings in every .py, tests too; libraries are not scanned. At most 1000 are told (plugin contract 6)."""
    found: list[Violation] = []
    for file in python_files(folder):
        found += _scan_file(folder, file)
        if len(found) > VIOLATIONS_MAX:
            more = f"{len(found) - VIOLATIONS_MAX} findings more in the files so far; mend these first"
            return [*found[:VIOLATIONS_MAX], Violation(file, 1, 0, more, "error")]
    return found


def _scan_file(folder: str, file: str) -> list[Violation]:
    path = os.path.join(folder, file)
    size = os.path.getsize(path)
    if size > SOURCE_BYTES_MAX:
        message = f"the file has {size} bytes; at most {SOURCE_BYTES_MAX} of a Python file are scanned"
        return [Violation(file, 1, 0, message, "error")]
    with open(path, "rb") as source:
        return scan_source(source.read(), file)
