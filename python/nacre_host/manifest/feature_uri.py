"""`feature_uri` against what is declared (plugin contract 2.3)."""

import re

from nacre_host.manifest.features import Vector
from nacre_host.manifest.notes import Notes
from nacre_host.manifest.shown import cut, shown
from nacre_host.manifest.versions import feature_uri_of, normalise_version

URI = re.compile(r"mixpeek://([^@/\s]+)@([^/\s]+)(?:/([^/\s]+))?")


def check_feature_uri(uri: object, name: str, version: str, vectors: list[Vector], notes: Notes) -> str | None:
    """The URI of the vector that is meant, as the server answers it; None where the manifest names none or a wrong one."""
    if uri is None:
        return None
    match = URI.fullmatch(uri) if isinstance(uri, str) else None
    if not match:
        notes.error(f"feature_uri {shown(uri)} is no feature URI; write mixpeek://{name}@{version}/<feature_name>")
        return None
    if (match[1], normalise_version(match[2])) != (name, version):
        notes.warn(f"feature_uri names {cut(match[1])}@{cut(match[2])}; this is {name}@{version}, and is found under that name")
    names = [vector.feature_name for vector in vectors]
    if match[3] in names or not names:
        return feature_uri_of(name, version, match[3]) if names else None
    if len(names) == 1:
        if match[3] is not None:
            notes.warn(f"feature_uri ends in '{cut(match[3])}', which is no declared vector; read as '{names[0]}'")
        return feature_uri_of(name, version, names[0])
    uris = ", ".join(feature_uri_of(name, version, known) for known in names)
    notes.error(f"feature_uri '{cut(uri)}' names no declared vector; the declared ones are {uris}")
    return None
