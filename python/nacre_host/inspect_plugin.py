"""`inspect`: what can be known of a plugin before any of its code runs (plugin contract 2.6, 6, 8)."""

import os

from nacre_host.manifest.dependencies import missing_dependencies
from nacre_host.manifest.merge import check_names, merge_styles
from nacre_host.manifest.normalise import normalise
from nacre_host.manifest.notes import Notes
from nacre_host.manifest.read_static import Reading, read_static
from nacre_host.scan.folder import scan_folder
from nacre_host.scan.source import parse_source
from nacre_host.values import to_json

REQUIRED_FILES = ("manifest.py", "pipeline.py")
FILES_TOLD_MAX = 20
MANIFEST_BYTES_MAX = 256 * 1024


def inspect_plugin(folder: str, uploaded: dict) -> dict:
    """The answer of `inspect`. `uploaded`: `{name, version}` of the upload, or empty."""
    notes = Notes()
    for file in REQUIRED_FILES:
        if not os.path.isfile(os.path.join(folder, file)):
            notes.error(missing_file(folder, file))
    reading = read_manifest_file(folder, notes)
    merged = merge_styles(reading.top, reading.metadata, notes)
    is_readable = bool(merged or reading.unresolved or not notes.errors)
    own = Notes() if not is_readable else notes
    manifest = normalise(merged, reading.unresolved, uploaded, own)
    check_names(reading.assigned, reading.metadata, merged, reading.unresolved, notes)
    missing = missing_dependencies(manifest.dependencies)
    has_realtime = os.path.isfile(os.path.join(folder, "realtime.py"))
    if manifest.feature_uri and not has_realtime:
        notes.warn("feature_uri without realtime.py: query vectors come from the pipeline, one row a query")
    return {
        "violations": [vars(violation) for violation in scan_folder(folder)],
        "manifest": to_json(manifest.as_json(), strict=False),
        "unresolved": sorted(reading.unresolved),
        "errors": notes.errors,
        "warnings": notes.warnings,
        "hasRealtime": has_realtime,
        "missingDependencies": missing,
    }


def read_manifest_file(folder: str, notes: Notes) -> Reading:
    """The static reading of manifest.py; empty, with the error noted, where there is none or it does not parse."""
    path = os.path.join(folder, "manifest.py")
    try:
        with open(path, "rb") as source:
            content = source.read(MANIFEST_BYTES_MAX + 1)
        if len(content) > MANIFEST_BYTES_MAX:
            size = os.path.getsize(path)
            notes.error(f"manifest.py has {size} bytes; at most {MANIFEST_BYTES_MAX}: keep code and data in other files")
            return Reading()
        return read_static(parse_source(content, "manifest.py"))
    except SyntaxError as error:
        column = max((error.offset or 1) - 1, 0)
        notes.error(f"manifest.py:{error.lineno or 1}:{column}: Syntax error: {error.msg}")
    except FileNotFoundError:
        notes.error(missing_file(folder, "manifest.py"))
    return Reading()


def missing_file(folder: str, file: str) -> str:
    """The sentence for a required file that is not there, with what is (plugin contract 1.2)."""
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    shown = ", ".join(names[:FILES_TOLD_MAX]) + (", …" if len(names) > FILES_TOLD_MAX else "")
    return f"{file} not found at the archive root or under one top folder; the archive has: {shown or 'nothing'}"
