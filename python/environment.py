"""Packages for plugins: what is there, and installing what is not, from wheels only (docs: python/README.md).

    python3 -I -B environment.py check [--site FOLDER]... [REQUIREMENT]...
    python3 -I -B environment.py install --target FOLDER [--site FOLDER]... REQUIREMENT...

`check` writes one JSON line. `install` writes a JSON line for each line of pip's progress, then one with what there
is now, or `{"error"}` and exit code 1. pip runs in this process: behind the launcher no other can be started.
"""

import argparse
import contextlib
import io
import json
import os
import platform
import runpy
import shutil
import sys
from importlib import metadata

sys.path.append(os.path.dirname(os.path.abspath(__file__)))

from nacre_host.manifest.dependencies import missing_dependencies  # noqa: E402

BASE = ["pandas>=2.2", "numpy", "pydantic>=2"]
PYTHON_MIN = (3, 10)
PIP_OPTIONS = [
    "--only-binary=:all:",
    "--no-input",
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--progress-bar=off",
    "--no-warn-script-location",
]


def check(requirements: list[str]) -> dict:
    """`{python, executable, packages, missing}`: versions of the base packages, and requirements that are not met."""
    wanted = requirements or BASE
    names = ("pandas", "numpy", "pydantic", "pip")
    return {
        "python": platform.python_version(),
        "executable": sys.executable,
        "packages": {name: _version(name) for name in names},
        "missing": missing_dependencies(wanted),
    }


def install(target: str, requirements: list[str]) -> dict:
    """Makes the folder, whole or not at all. Raises RuntimeError with the end of pip's own words."""
    if _version("pip") is None:
        raise RuntimeError(f"{sys.executable} has no pip: install it (python3-pip), or name another Python")
    building = f"{target}.partial"
    shutil.rmtree(building, ignore_errors=True)
    lines = Lines()
    code = _run_pip(["install", *PIP_OPTIONS, "--target", building, *requirements], lines)
    if code != 0:
        shutil.rmtree(building, ignore_errors=True)
        raise RuntimeError(f"pip could not install {', '.join(requirements)}: {lines.last_words()}")
    shutil.rmtree(target, ignore_errors=True)
    os.replace(building, target)
    sys.path.insert(0, target)
    return check(requirements)


class Lines(io.TextIOBase):
    """pip's output, as progress lines; remembers the last ones for the error."""

    def __init__(self) -> None:
        self._rest = ""
        self._last: list[str] = []

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in filter(None, map(str.strip, lines)):
            self._last = [*self._last[-9:], line]
            _write({"progress": line[:500]})
        return len(text)

    def last_words(self) -> str:
        errors = [line for line in self._last if line.startswith("ERROR")]
        return " ".join(errors or self._last[-3:]) or "it said nothing"


def _run_pip(arguments: list[str], lines: Lines) -> int:
    sys.argv = ["pip", *arguments]
    with contextlib.redirect_stdout(lines), contextlib.redirect_stderr(lines):
        try:
            runpy.run_module("pip", run_name="__main__")
        except SystemExit as left:
            return left.code if isinstance(left.code, int) else int(left.code is not None)
    return 0


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _write(value: dict) -> None:
    sys.__stdout__.write(json.dumps(value) + "\n")
    sys.__stdout__.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="Packages for plugins.")
    parser.add_argument("command", choices=("check", "install"))
    parser.add_argument("--site", action="append", default=[], help="a folder of installed packages")
    parser.add_argument("--target", help="the folder to make")
    parser.add_argument("requirements", nargs="*", help=f"default: {' '.join(BASE)}")
    given = parser.parse_intermixed_args()
    sys.path[:0] = given.site
    try:
        if sys.version_info < PYTHON_MIN:
            needed = ".".join(map(str, PYTHON_MIN))
            raise RuntimeError(f"{sys.executable} is Python {platform.python_version()}; plugins need {needed} or later")
        if given.command == "check":
            _write(check(given.requirements))
            return 0
        if not given.target:
            raise RuntimeError("install needs --target")
        _write(install(os.path.abspath(given.target), given.requirements or BASE))
        return 0
    except (RuntimeError, OSError) as error:
        _write({"error": str(error)})
        return 1


if __name__ == "__main__":
    sys.exit(main())
