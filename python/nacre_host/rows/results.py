"""The final frame → exactly one result for each input row (plugin contract 4.4, 4.5)."""

import pandas as pd

from nacre_host.manifest.manifest import Manifest
from nacre_host.rows.fields import Columns, choose_columns, note_differences, to_fields
from nacre_host.rows.input_row import InputRow, Lineage
from nacre_host.rows.lineage import lineages
from nacre_host.rows.run import Run
from nacre_host.rows.step_fault import Failed
from nacre_host.rows.vectors import NoVector, to_vector
from nacre_host.run_notes import notes
from nacre_host.values import NotJson, is_null, to_json


def results_of(
    rows: list[InputRow], frame: pd.DataFrame, run: Run, manifest: Manifest, passthrough: list[str]
) -> list[dict]:
    """In the order of the input: `{key, documents}`, `{key, skipped}` or `{key, failed}`."""
    columns = choose_columns(list(frame.columns), run.inputs, manifest, passthrough)
    if len(frame) > 0 and not run.idle_steps:
        note_differences(list(frame.columns), columns, manifest.declared_outputs)
    fault = columns.fault or missing_vector(frame, columns, run, manifest)
    outputs: dict[Lineage, list[dict]] = {}
    for lineage, output in zip(lineages(frame), frame.to_dict("records")):
        outputs.setdefault(lineage, []).append(output)
    return [_result(row, outputs.get(row.lineage, []), run, columns, manifest, fault) for row in rows]


def missing_vector(frame: pd.DataFrame, columns: Columns, run: Run, manifest: Manifest) -> str | None:
    """A declared vector that no step wrote a column for: the whole run is wrong, before anything is written."""
    # A step that had no rows to work on may be the one that writes it.
    if run.idle_steps or len(frame) == 0:
        return None
    for vector in manifest.vectors:
        name = vector.feature_name
        if name not in frame.columns:
            new = ", ".join(columns.new) or "none"
            return f"feature '{name}' is declared but no step wrote a column '{name}'; new columns are: {new}"
    return None


def _result(
    row: InputRow, outputs: list[dict], run: Run, columns: Columns, manifest: Manifest, fault: str | None
) -> dict:
    if failed := run.failed.get(row.lineage):
        return _failed(row, failed)
    if row.lineage in run.filtered:
        return {"key": row.key, "skipped": "filtered by prepare"}
    if row.lineage not in run.touched:
        return {"key": row.key, "skipped": f"no step is for {row.values['mime_type'] or row.values['blob_type']}"}
    if not outputs:
        return {"key": row.key, "skipped": "no output row for this input row"}
    if fault:
        return _failed(row, Failed("validation", fault))
    try:
        documents = [_document(output, columns, manifest) for output in outputs]
        written = [document for document in documents if not _is_empty(document, manifest)]
        if not written:
            return {"key": row.key, "skipped": "null vector"}
        if len(written) < len(documents):
            notes.add(f"{len(documents) - len(written)} of {len(documents)} output rows of one input row: null vector")
        _set_positions(outputs, documents, manifest)
        return {"key": row.key, "documents": written}
    except (NoVector, NotJson) as error:
        return _failed(row, Failed("validation", str(error)))


def _failed(row: InputRow, failed: Failed) -> dict:
    return {"key": row.key, "failed": {"type": failed.type, "message": failed.message}}


def _document(output: dict, columns: Columns, manifest: Manifest) -> dict:
    given = {vector.feature_name: output.get(vector.feature_name) for vector in manifest.vectors}
    vectors = {
        vector.feature_name: to_vector(given[vector.feature_name], vector.embedding_dim, vector.feature_name)
        for vector in manifest.vectors
        if not is_null(given[vector.feature_name])
    }
    missing = [manifest.uri_of(vector) for vector in manifest.vectors if vector.feature_name not in vectors]
    return {
        "position": [],
        "fields": to_fields(output, columns, manifest),
        "vectors": vectors,
        "missing": missing,
    }


def _is_empty(document: dict, manifest: Manifest) -> bool:
    return bool(manifest.vectors) and not document["vectors"]


def _set_positions(outputs: list[dict], documents: list[dict], manifest: Manifest) -> None:
    """What tells the documents of one input row apart: position fields, else their ordinal; a single one needs none."""
    names = [name for name in manifest.position_fields if name in outputs[0]]
    if not names:
        if len(documents) > 1:
            for ordinal, document in enumerate(documents):
                document["position"] = [ordinal]
        return
    seen: set[tuple] = set()
    for output, document in zip(outputs, documents):
        position = [_position(name, output[name]) for name in names]
        if tuple(position) in seen:
            raise NotJson(f"position fields {', '.join(names)} have the values {position} twice in one object")
        seen.add(tuple(position))
        document["position"] = position


def _position(name: str, value: object) -> str | int | float:
    converted = to_json(value)
    if isinstance(converted, (str, int, float)) and not isinstance(converted, bool):
        is_whole = isinstance(converted, float) and converted.is_integer()
        return int(converted) if is_whole else converted
    raise NotJson(f"position field {name} is {converted!r}; it must be text or a number")
