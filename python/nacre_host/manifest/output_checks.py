"""Does the output schema agree with the declared vectors (plugin contract 2.3, 2.5)?"""

from nacre_host.manifest.features import Vector
from nacre_host.manifest.notes import Notes
from nacre_host.manifest.schemas import unwrap
from nacre_host.manifest.shown import cut, shown

VECTOR_WORDS = ("embedding", "vector")


def looks_like_vector(name: str, value: object) -> bool:
    """An array of numbers with a name like an embedding's."""
    field = unwrap(value)
    if field.get("type") in ("vector", "embedding"):
        return True
    if field.get("type") != "array" or not any(word in name.lower() for word in VECTOR_WORDS):
        return False
    items = unwrap(field.get("items"))
    return items.get("type") in (None, "number", "float", "integer")


def check_output(schema: dict | None, vectors: list[Vector], notes: Notes) -> None:
    """An output that is a vector nobody declares is an error, as are two different lengths."""
    properties = (schema or {}).get("properties", {})
    if not vectors:
        for name, value in properties.items():
            name = str(name)
            if looks_like_vector(name, value):
                notes.error(
                    f"output_schema has '{cut(name)}', which looks like a vector, but features declares none: "
                    "no vector index would be created"
                )
    for vector in vectors:
        _check_length(vector, unwrap(properties.get(vector.feature_name)), notes)


def _check_length(vector: Vector, field: dict, notes: Notes) -> None:
    least, most = field.get("minItems"), field.get("maxItems")
    if least is not None and least == most and least != vector.embedding_dim:
        notes.error(
            f"output_schema.{vector.feature_name} has {shown(least)} items, "
            f"but features declares embedding_dim {vector.embedding_dim}"
        )
