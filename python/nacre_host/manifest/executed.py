"""The manifest as running it gives it, against what reading it gave (plugin contract 2.6)."""

from types import ModuleType

from nacre_host.manifest.keys import SCHEMA_KEYS, TOP_KEYS
from nacre_host.manifest.manifest import Manifest
from nacre_host.manifest.merge import check_names, merge_styles
from nacre_host.manifest.normalise import normalise
from nacre_host.manifest.notes import Notes
from nacre_host.manifest.read_static import Reading


def executed_manifest(module: ModuleType, reading: Reading, uploaded: dict, notes: Notes) -> Manifest:
    """The executed values win; a warning tells where they differ from those that stand in the file."""
    values = vars(module)
    top = {key: values[key] for key in TOP_KEYS if key in values and not _is_module(values[key])}
    metadata = _as_dict(values.get("metadata"))
    merged = merge_styles(top, metadata, notes)
    for key, value in merge_styles(reading.top, reading.metadata, Notes()).items():
        if key not in SCHEMA_KEYS and key in merged and not _equal(merged[key], value):
            notes.warn(f"{key}: running manifest.py gives another value than the one that stands there; it is used")
    check_names(reading.assigned, metadata, merged, set(), notes)
    return normalise(merged, set(), uploaded, notes)


def _as_dict(value: object) -> dict:
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if isinstance(key, str)}
    for name in ("model_dump", "dict"):
        if callable(call := getattr(value, name, None)) and not isinstance(value, type):
            return call()
    return {}


def _is_module(value: object) -> bool:
    return isinstance(value, ModuleType)


def _equal(one: object, other: object) -> bool:
    try:
        return bool(one == other)
    except Exception:  # objects of the author's classes may refuse to be compared
        return one is other
