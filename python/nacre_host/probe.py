"""`probe`: one generated row through the pipeline and the service, compared with the manifest (plugin contract 8)."""

from nacre_host.failure import HostError
from nacre_host.manifest.notes import Notes
from nacre_host.plugin.loaded import Plugin
from nacre_host.realtime.call_service import answer_query
from nacre_host.rows.run_rows import run_rows

TEXT = "The quick brown fox jumps over the lazy dog near the old stone bridge."
# What a plugin that was never going to work raises while it builds; anything else may want parameters or files.
CERTAIN_FAULTS = ("AttributeError", "ImportError", "ModuleNotFoundError", "NameError", "SyntaxError", "TypeError")


def probe(plugin: Plugin) -> dict:
    """`{errors, warnings}`: errors are differences from the manifest, warnings what the row could not show."""
    notes = Notes()
    parameters, warnings = plugin.merged_parameters(None)
    for warning in warnings:
        notes.warn(warning)
    types = plugin.manifest.supported_input_types
    if not types or "text" in types:
        _probe_pipeline(plugin, parameters, notes)
        if plugin.service is not None:
            _probe_service(plugin, notes)
    else:
        _build_only(plugin, parameters, notes)
    return {"errors": notes.errors, "warnings": notes.warnings}


def _row(plugin: Plugin) -> dict:
    return {
        "key": "probe",
        "data": TEXT,
        "blob_id": "probe",
        "blob_property": next(iter(plugin.manifest.input_mappings.values()), "text"),
        "blob_type": "text",
        "collection_id": "probe",
        "feature_extractor_id": plugin.manifest.extractor_id,
        "mime_type": "text/plain",
    }


def _probe_pipeline(plugin: Plugin, parameters: dict, notes: Notes) -> None:
    row = _row(plugin)
    if not isinstance(row["blob_property"], str):
        row["blob_property"] = "text"
    try:
        (result,), told = run_rows(plugin, [row], parameters, 1, {"text": True})
    except HostError as error:
        return _note_build(error, notes)
    for warning in told:
        notes.warn(warning)
    if failed := result.get("failed"):
        note = notes.error if failed["type"] == "validation" else notes.warn
        note(f"probe row: {failed['message']}")
    elif "skipped" in result:
        notes.warn(f"probe row: skipped, {result['skipped']}")
    else:
        for uri in result["documents"][0]["missing"]:
            notes.warn(f"probe row: no vector for {uri}")


def _build_only(plugin: Plugin, parameters: dict, notes: Notes) -> None:
    kinds = ", ".join(plugin.manifest.supported_input_types)
    notes.warn(f"probe row: none was sent, since the plugin reads {kinds}")
    try:
        plugin.pipeline(parameters, 1, {})
    except HostError as error:
        _note_build(error, notes)


def _note_build(error: HostError, notes: Notes) -> None:
    cause = type(error.__cause__).__name__
    (notes.error if cause in CERTAIN_FAULTS else notes.warn)(str(error))


def _probe_service(plugin: Plugin, notes: Notes) -> None:
    for name in [vector.feature_name for vector in plugin.manifest.vectors] or [None]:
        try:
            answer = answer_query(plugin, {"text": TEXT, "texts": [TEXT]}, {}, name)
        except HostError as error:
            notes.warn(f"probe query: {error}")
            return
        if answer["error"]:
            notes.error(answer["error"])
