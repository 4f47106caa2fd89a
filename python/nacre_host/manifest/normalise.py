"""Merged values → a Manifest, with every error and warning a reader should know (plugin contract 2)."""

from nacre_host.manifest.feature_uri import check_feature_uri
from nacre_host.manifest.features import read_features, read_vector_indexes
from nacre_host.manifest.keys import DISPLAY_KEYS
from nacre_host.manifest.manifest import Manifest
from nacre_host.manifest.notes import Notes
from nacre_host.manifest.output_checks import check_output
from nacre_host.manifest.profile import read_profile, read_serve_config
from nacre_host.manifest.oversized import oversize
from nacre_host.manifest.schemas import read_schema
from nacre_host.manifest.shown import cut, shown
from nacre_host.manifest.versions import name_fault, normalise_version

DESCRIPTION_CHARACTERS_MAX = 500
TEXTS_MAX = 200
TEXT_CHARACTERS_MAX = 500


def normalise(merged: dict, unresolved: set[str], uploaded: dict, notes: Notes) -> Manifest:
    """`uploaded`: name and version of the upload, where there is one; keys in `unresolved` are not called missing."""
    manifest = Manifest()
    merged = _without_oversized(merged, notes)
    _read_identity(manifest, merged, unresolved, uploaded, notes)
    _read_vectors(manifest, merged, notes)
    manifest.description = _text(merged, "description", DESCRIPTION_CHARACTERS_MAX, notes)
    for key in ("dependencies", "supported_input_types", "position_fields"):
        setattr(manifest, key, _texts(merged.get(key), key, notes))
    manifest.compute_profile = read_profile(merged.get("compute_profile"), notes)
    manifest.serve_config = read_serve_config(merged.get("serve_config"), notes)
    for key in ("input_schema", "output_schema", "parameter_schema"):
        setattr(manifest, key, read_schema(merged.get(key), key, notes))
    manifest.input_mappings = _mapping(merged.get("input_mappings"), notes)
    manifest.display = {key: merged[key] for key in DISPLAY_KEYS if key in merged}
    if merged.get("container_image"):
        notes.warn("container_image is not supported by this server; ship the code in the archive")
    if "features" not in unresolved:
        check_output(manifest.output_schema, manifest.vectors, notes)
        manifest.feature_uri = check_feature_uri(
            merged.get("feature_uri"), manifest.name, manifest.version, manifest.vectors, notes
        )
    return manifest


def _without_oversized(merged: dict, notes: Notes) -> dict:
    kept = {}
    for key, value in merged.items():
        if fault := oversize(value):
            notes.error(f"{key} {fault}")
        else:
            kept[key] = value
    return kept


def _read_identity(manifest: Manifest, merged: dict, unresolved: set[str], uploaded: dict, notes: Notes) -> None:
    hidden = unresolved & {"metadata", "name", "feature_extractor_name"}
    if "feature_extractor_name" in merged:
        name = merged["feature_extractor_name"]
        if fault := name_fault(name):
            notes.error(fault)
        manifest.name = name if isinstance(name, str) else ""
        if uploaded.get("name") not in (None, manifest.name):
            notes.error(f"feature_extractor_name '{cut(manifest.name)}' differs from the uploaded name '{cut(str(uploaded['name']))}'")
    elif hidden and uploaded.get("name"):
        manifest.name = uploaded["name"]  # running the manifest tells whether it is so
    elif hidden:
        notes.error("feature_extractor_name is known only when manifest.py runs; write it there as a text")
    else:
        notes.error("feature_extractor_name is missing")
    _read_version(manifest, merged, unresolved, uploaded, notes)


def _read_version(manifest: Manifest, merged: dict, unresolved: set[str], uploaded: dict, notes: Notes) -> None:
    upload = normalise_version(uploaded.get("version")) or uploaded.get("version")
    hidden = unresolved & {"metadata", "version"}
    if "version" in merged:
        given = merged["version"]
        manifest.version = normalise_version(given) or ""
        if not manifest.version:
            notes.error(f"version {shown(given)} is no version; write X.Y.Z")
        elif upload not in (None, manifest.version):
            notes.error(f"version {manifest.version} differs from the uploaded version {upload}")
    elif upload:
        manifest.version = upload
        if not hidden:
            notes.warn(f"version is missing; the uploaded version {cut(str(upload))} is taken")
    elif hidden:
        notes.error("version is known only when manifest.py runs; write it there as a text")
    else:
        notes.error("version is missing")


def _read_vectors(manifest: Manifest, merged: dict, notes: Notes) -> None:
    if merged.get("features") is not None:
        manifest.vectors, manifest.payload_features = read_features(merged["features"], notes)
    elif merged.get("required_vector_indexes"):
        manifest.vectors = read_vector_indexes(merged["required_vector_indexes"], notes)


def _text(merged: dict, key: str, longest: int, notes: Notes) -> str:
    value = merged.get(key) or ""
    if not isinstance(value, str):
        notes.error(f"{key} must be text, not {type(value).__name__}")
        return ""
    if len(value) > longest:
        notes.warn(f"{key} has {len(value)} characters; the first {longest} are kept")
    return value[:longest]


def _texts(value: object, key: str, notes: Notes) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str) or not isinstance(value, (list, tuple, set)):
        notes.error(f"{key} must be a list of texts, not {type(value).__name__}")
        return []
    if len(value) > TEXTS_MAX:
        notes.error(f"{key} has {len(value)} entries; at most {TEXTS_MAX}")
        return []
    # Enums of texts are texts too.
    texts = [getattr(item, "value", item) for item in value]
    if wrong := [item for item in texts if not isinstance(item, str)]:
        notes.error(f"{key} must hold texts, not {type(wrong[0]).__name__}")
    if any(len(item) > TEXT_CHARACTERS_MAX for item in texts if isinstance(item, str)):
        notes.error(f"{key} holds a text of more than {TEXT_CHARACTERS_MAX} characters")
    return [item for item in texts if isinstance(item, str) and len(item) <= TEXT_CHARACTERS_MAX]


def _mapping(value: object, notes: Notes) -> dict:
    if value is None:
        return {}
    if not isinstance(value, dict):
        notes.error(f"input_mappings must be a dict, not {type(value).__name__}")
        return {}
    return {str(key): field for key, field in value.items()}
