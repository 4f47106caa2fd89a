"""Versions and names (plugin contract 2.2)."""

import re

from nacre_host.manifest.shown import cut

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{2,63}")
VERSION = re.compile(r"v?(\d{1,6})(?:[._](\d{1,6}))?(?:[._](\d{1,6}))?")


def normalise_version(text: object) -> str | None:
    """X.Y.Z of `v1`, `1.0`, `v2.1`, `v1_1` or `1.0.0`; None for anything else."""
    match = VERSION.fullmatch(text) if isinstance(text, str) else None
    return ".".join(str(int(part or 0)) for part in match.groups()) if match else None


def plugin_id_of(name: str, version: str) -> str:
    """`hash_text_1_0_0`."""
    return f"{name}_{version.replace('.', '_')}"


def feature_uri_of(name: str, version: str, feature: str) -> str:
    """`mixpeek://hash_text@1.0.0/hash_text_embedding`."""
    return f"mixpeek://{name}@{version}/{feature}"


def name_fault(name: object) -> str | None:
    """What is wrong with a plugin's name; None for a good one."""
    if not isinstance(name, str):
        return f"feature_extractor_name must be text, not {type(name).__name__}"
    if NAME.fullmatch(name):
        return None
    rule = "begins with a letter and has 3 to 64 letters, digits and _"
    meant = re.sub(r"[^a-zA-Z0-9_]", "_", name)
    advice = f"; use '{meant}'" if meant != name and NAME.fullmatch(meant) else ""
    return f"feature_extractor_name '{cut(name)}' is no name: it {rule}{advice}"
