"""The scan of a whole plugin."""

import os
import re
from collections.abc import Iterator

from nacre_host.scan.source import scan_source
from nacre_host.scan.violation import Violation

VIOLATIONS_MAX = 1000
WORD = re.compile(rb"[\w\x80-\xff]+|[^\w\s]")
SOURCE_BYTES_MAX = 5 * 1024 * 1024
# A syntax tree takes up to a kilobyte a word or sign; a table of data in one long text takes next to nothing.
SOURCE_WORDS_MAX = 200_000
PLUGIN_WORDS_MAX = 2_000_000


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
    words = 0
    for file in python_files(folder):
        try:
            source, file_words = _read(folder, file)
        except _TooLarge as error:
            found.append(Violation(file, 1, 0, str(error), "error"))
            continue
        words += file_words
        if words > PLUGIN_WORDS_MAX:
            message = f"the plugin's files have more than {PLUGIN_WORDS_MAX} words and signs; the rest is not scanned"
            return [*found, Violation(file, 1, 0, message, "error")]
        found += scan_source(source, file)
        if len(found) > VIOLATIONS_MAX:
            more = f"{len(found) - VIOLATIONS_MAX} findings more in the files so far; mend these first"
            return [*found[:VIOLATIONS_MAX], Violation(file, 1, 0, more, "error")]
    return found


class _TooLarge(Exception):
    """A file that is not scanned, and why."""


def _read(folder: str, file: str) -> tuple[bytes, int]:
    path = os.path.join(folder, file)
    size = os.path.getsize(path)
    if size > SOURCE_BYTES_MAX:
        raise _TooLarge(f"the file has {size} bytes; at most {SOURCE_BYTES_MAX} of a Python file are scanned")
    with open(path, "rb") as content:
        source = content.read()
    # Those in texts and comments too: cheap, and never fewer than a parser sees.
    words = sum(1 for _ in WORD.finditer(source))
    if words > SOURCE_WORDS_MAX:
        message = f"the file has {words} words and signs; at most {SOURCE_WORDS_MAX} of a Python file are scanned"
        raise _TooLarge(f"{message}: keep tables in a file of data")
    return source, words
