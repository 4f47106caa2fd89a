"""Assets: what the URL in column `data` points at, as a local file (plugin contract 7.3)."""

import contextlib
import os
import shutil
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator

DOWNLOAD_BYTES_MAX = 500 * 1024 * 1024
DOWNLOAD_SECONDS_MAX = 60
CHUNK_BYTES = 1024 * 1024


def download_asset(url: str, suffix: str = "") -> tuple[str, bool]:
    """`(path, is_temp)`: a local file as it is, a remote one in a temporary file that the caller removes."""
    parts = urllib.parse.urlsplit(str(url))
    if parts.scheme == "file":
        return urllib.request.url2pathname(parts.path), False
    # One letter is a drive's, not a scheme's.
    if len(parts.scheme) < 2:
        return os.fspath(url), False
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"{parts.scheme}:// cannot be read here; file, http and https can")
    return _download(url, suffix or os.path.splitext(parts.path)[1]), True


@contextlib.contextmanager
def open_asset(url: str, suffix: str = "") -> Iterator[str]:
    """The path of the asset, for the time of the block; a temporary file is removed after it."""
    path, is_temp = download_asset(url, suffix)
    try:
        yield path
    finally:
        if is_temp:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def _download(url: str, suffix: str) -> str:
    handle, path = tempfile.mkstemp(suffix=suffix)
    try:
        with os.fdopen(handle, "wb") as target, urllib.request.urlopen(url, timeout=DOWNLOAD_SECONDS_MAX) as source:
            shutil.copyfileobj(_Limited(source), target, CHUNK_BYTES)
    except BaseException:
        os.unlink(path)
        raise
    return path


class _Limited:
    def __init__(self, source) -> None:
        self._source = source
        self._left = DOWNLOAD_BYTES_MAX

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ValueError(f"the asset has more than {DOWNLOAD_BYTES_MAX} bytes")
        return data
