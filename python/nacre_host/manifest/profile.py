"""`compute_profile` and `serve_config` (plugin contract 2.2, 2.4)."""

from collections.abc import Iterable
from dataclasses import asdict, is_dataclass

from nacre_host.manifest.keys import COMPUTE_DEFAULTS, RESOURCE_TYPES, SERVE_KEYS
from nacre_host.manifest.near import nearest
from nacre_host.manifest.notes import Notes
from nacre_host.manifest.shown import cut, shown

BATCH_SIZE = {"gpu": 8}
BATCH_SIZE_DEFAULT = 64
BATCH_SIZE_MAX = 10_000
MEMORY_GB_MAX = 65_536


def default_batch_size(resource_type: str) -> int:
    """Rows a call where neither the step nor the profile says: 64, or 8 on a GPU."""
    return BATCH_SIZE.get(resource_type, BATCH_SIZE_DEFAULT)


def read_profile(value: object, notes: Notes) -> dict:
    """The profile with its defaults; `batch_size` stays None where the manifest names none."""
    given = _known(value, "compute_profile", COMPUTE_DEFAULTS, notes)
    profile = {**COMPUTE_DEFAULTS, **given}
    if profile["resource_type"] not in RESOURCE_TYPES:
        known = ", ".join(RESOURCE_TYPES)
        notes.error(f"compute_profile.resource_type is {shown(profile['resource_type'])}; it must be one of {known}")
        profile["resource_type"] = "cpu"
    _check_whole("batch_size", profile, BATCH_SIZE_MAX, notes)
    _check_whole("max_concurrency", profile, 1000, notes)
    for key in ("actor_memory_gb", "gpu_memory_gb"):
        size = profile[key]
        if size is not None and (isinstance(size, bool) or not isinstance(size, (int, float)) or not 0 < size <= MEMORY_GB_MAX):
            notes.error(f"compute_profile.{key} is {shown(size)}; it must be a number above 0 and at most {MEMORY_GB_MAX}")
            profile[key] = COMPUTE_DEFAULTS[key]
    return profile


def read_serve_config(value: object, notes: Notes) -> dict | None:
    """Sizes for query-time serving: a dict, or the dataclass of the same name."""
    if value is None:
        return None
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    return _known(value, "serve_config", SERVE_KEYS, notes)


def _known(value: object, key: str, known: Iterable[str], notes: Notes) -> dict:
    if value is None:
        return {}
    if not isinstance(value, dict):
        notes.error(f"{key} must be a dict, not {type(value).__name__}")
        return {}
    absent = [name for name in known if name not in value]
    for name in value:
        if name in known:
            continue
        if meant := nearest(str(name), absent):
            notes.error(f"{key}.{cut(str(name))} is not a known key; did you mean {meant}?")
        else:
            notes.warn(f"{key}.{cut(str(name))} is not a known key and is ignored")
    return {name: value[name] for name in known if name in value}


def _check_whole(key: str, profile: dict, largest: int, notes: Notes) -> None:
    value = profile[key]
    if value is None:
        profile[key] = COMPUTE_DEFAULTS[key]
    elif isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        notes.error(f"compute_profile.{key} is {shown(value)}; it must be a whole number from 1 to {largest}")
        profile[key] = COMPUTE_DEFAULTS[key]
