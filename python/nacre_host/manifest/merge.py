"""Where a manifest's values live: `metadata`, overlaid by top-level variables (plugin contract 2.1, 2.2)."""

from itertools import islice

from nacre_host.manifest.keys import IGNORED_KEYS, TOP_KEYS
from nacre_host.manifest.near import nearest
from nacre_host.manifest.notes import Notes
from nacre_host.manifest.shown import shown
from nacre_host.manifest.versions import normalise_version

# Misspelt keys are looked for among so many names; a manifest has a few dozen.
NAMES_MAX = 1000


def merge_styles(top: dict, metadata: dict, notes: Notes) -> dict:
    """One dict of known keys. A key with two different values is an error."""
    merged = {key: value for key, value in metadata.items() if key in TOP_KEYS}
    if "feature_extractor_name" not in merged and "name" in metadata:
        merged["feature_extractor_name"] = metadata["name"]
    for key, value in top.items():
        if key in merged and not _same(key, merged[key], value):
            notes.error(f"{key}: top-level value {shown(value)} and metadata[{key!r}] = {shown(merged[key])} differ; keep one")
        merged[key] = value
    return merged


def check_names(assigned: list[str], metadata: dict, merged: dict, unresolved: set[str], notes: Notes) -> None:
    """Warns of names that are nearly a known key which is absent, and of keys of `metadata` that mean nothing."""
    absent = [key for key in TOP_KEYS if key not in merged and key not in unresolved]
    for name in islice(dict.fromkeys(assigned), NAMES_MAX):
        if name not in TOP_KEYS and name not in IGNORED_KEYS and (meant := nearest(name, absent)):
            notes.warn(f"{name} looks like {meant}")
    for key in islice(metadata, NAMES_MAX):
        if key in TOP_KEYS or key in IGNORED_KEYS:
            continue
        meant = nearest(str(key), absent)
        notes.warn(f"metadata[{shown(key)}] looks like {meant}" if meant else f"metadata[{shown(key)}] is not a known key")


def _same(key: str, one: object, other: object) -> bool:
    if key == "version" and normalise_version(one):
        return normalise_version(one) == normalise_version(other)
    try:
        return bool(one == other)
    except Exception:  # objects of the author's classes may refuse to be compared
        return one is other
