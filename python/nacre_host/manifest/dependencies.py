"""Declared dependencies against what is installed (plugin contract 2.6). Nothing is ever installed here."""

import os
import platform
import re
import sys
from importlib import metadata

from nacre_host.manifest.shown import cut

REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*\(?([^;@)]*)\)?\s*(?:;(.*))?")
CLAUSE = re.compile(r"\s*(===|==|!=|~=|<=|>=|<|>)\s*([^\s,]+)\s*")
REQUIREMENT_CHARACTERS_MAX = 500
MARKER = re.compile(r"""\s*(\w+)\s*(==|!=|<=|>=|<|>)\s*["']([^"']*)["']\s*""")


def missing_dependencies(requirements: list[str]) -> list[str]:
    """Requirements that the installed packages do not meet, each as it was written, with what is wrong."""
    return [fault for text in requirements if (fault := _fault(text))]


def _fault(text: str) -> str | None:
    # The pattern goes back over blanks: short texts only. Versions have few digits, for Python refuses to read long ones.
    match = REQUIREMENT.fullmatch(text) if len(text) <= REQUIREMENT_CHARACTERS_MAX else None
    if not match:
        return f"{cut(text)} (not a requirement that can be checked: name a package and versions)"
    name, _, clauses, marker = match.groups()
    if marker and not _applies(marker):
        return None
    try:
        installed = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{text} (not installed)"
    return None if _meets(installed, clauses) else f"{text} (installed: {installed})"


def _meets(installed: str, clauses: str) -> bool:
    return all(
        (match := CLAUSE.fullmatch(part)) and _compare(installed, match[1], match[2])
        for part in clauses.split(",")
        if part.strip()
    )


def _compare(installed: str, operator: str, wanted: str) -> bool:
    if operator == "===":
        return installed == wanted
    if wanted.endswith(".*"):
        stem = _release(wanted[:-2])
        same = _release(installed)[: len(stem)] == stem
        return same if operator == "==" else not same
    have, want = _key(installed, wanted)
    if operator == "~=":
        stem = _release(wanted)[:-1]
        return have >= want and _release(installed)[: len(stem)] == stem
    results = {"==": have == want, "!=": have != want, "<=": have <= want, ">=": have >= want}
    return results.get(operator, have < want if operator == "<" else have > want)


def _release(version: str) -> tuple[int, ...]:
    match = re.match(r"v?(?:\d+!)?(\d+(?:\.\d+)*)", version.split("+")[0])
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _key(one: str, other: str) -> tuple:
    first, second = _release(one), _release(other)
    size = max(len(first), len(second))

    def padded(release: tuple[int, ...], version: str) -> tuple:
        # A pre-release sorts before its release.
        pre = bool(re.search(r"\d(?:a|b|rc|\.?dev)\d*", version))
        return (*release, *[0] * (size - len(release)), 0 if pre else 1)

    return padded(first, one), padded(second, other)


def _applies(marker: str) -> bool:
    """False only for a marker that is surely about another machine; what is not understood applies."""
    values = {
        "python_version": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "python_full_version": platform.python_version(),
        "sys_platform": sys.platform,
        "platform_system": platform.system(),
        "platform_machine": platform.machine(),
        "os_name": os.name,
        "extra": "",
    }
    for part in re.split(r"\band\b", marker):
        match = MARKER.fullmatch(part)
        if not match or match[1] not in values:
            continue
        have, operator, want = values[match[1]], match[2], match[3]
        is_version = match[1].startswith("python")
        good = _compare(have, operator, want) if is_version else (have == want) == (operator == "==")
        if not good:
            return False
    return True
