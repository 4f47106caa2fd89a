"""New columns → fields of documents (plugin contract 4.3)."""

from dataclasses import dataclass, field

from nacre_host.manifest.manifest import Manifest
from nacre_host.run_notes import notes
from nacre_host.values import NotJson, to_json

# Root keys that are the system's; input columns among them are not new.
SYSTEM_FIELDS = frozenset(
    {
        "_internal",
        "_vectors",
        "internal_id",
        "namespace_id",
        "root_object_id",
        "root_bucket_id",
        "source_type",
        "source_object_id",
        "source_collection_id",
        "source_document_id",
    }
)


@dataclass
class Columns:
    """Which columns of the final frame are stored; `fault` where one of them cannot be."""

    stored: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    fault: str | None = None


def choose_columns(names: list[str], inputs: list[str], manifest: Manifest, passthrough: list[str]) -> Columns:
    """New columns, and input columns that the output schema declares; names beginning with `_` are scratch."""
    declared = manifest.declared_outputs
    vectors = {vector.feature_name for vector in manifest.vectors}
    chosen = Columns()
    for name in names:
        if name in vectors:
            continue
        is_input = name in inputs
        if not is_input and (root := name.split(".")[0]) in SYSTEM_FIELDS:
            chosen.fault = chosen.fault or f"column '{name}' collides with the system's field '{root}'; rename it"
        elif not is_input and name in passthrough:
            chosen.fault = chosen.fault or f"column '{name}' collides with the passthrough field '{name}'; rename one"
        elif name.startswith("_") or is_input and (name not in declared or name in ("document_id", "collection_id")):
            continue
        else:
            chosen.stored.append(name)
            if not is_input:
                chosen.new.append(name)
    return chosen


def note_differences(names: list[str], columns: Columns, declared: dict) -> None:
    """Warns of columns that the output schema does not declare, and of declared ones that nobody wrote."""
    for name in columns.new:
        if declared and name not in declared:
            notes.add(f"column '{name}' is stored, but output_schema does not declare it")
    for name in declared:
        if name not in names:
            notes.add(f"output_schema declares '{name}', which no step wrote")


def to_fields(row: dict, columns: Columns, manifest: Manifest) -> dict:
    """Name → JSON, without nulls; whole floats of a declared integer are integers again. Raises NotJson."""
    declared = manifest.declared_outputs
    fields = {}
    for name in columns.stored:
        try:
            value = to_json(row[name])
        except NotJson as error:
            raise NotJson(f"column {name} holds {error}") from error
        if isinstance(value, float) and value.is_integer() and declared.get(name, {}).get("type") == "integer":
            value = int(value)
        if value is not None:
            fields[name] = value
    return fields
