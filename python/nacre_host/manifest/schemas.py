"""Schemas: pydantic classes, JSON schemas and maps of fields → one JSON schema (plugin contract 2.5)."""

from collections.abc import Callable

from nacre_host.manifest.notes import Notes

# JSON schema words, Python types and everyday words → the field types of a bucket.
FIELD_TYPES = {
    "vector": "array",
    "list": "array",
    "embedding": "array",
    "dict": "object",
    "str": "string",
    "int": "integer",
    "bool": "boolean",
    "document": "object",
    "json": "object",
    "binary": "string",
}
KNOWN_TYPES = frozenset(
    {"string", "number", "integer", "float", "boolean", "object", "array", "date", "datetime", "text", "image"}
    | {"audio", "video", "pdf", "excel"}
)


def schema_function(value: object) -> Callable[[], dict] | None:
    """The call that gives a pydantic class's schema, of version 2 or 1; None for anything else."""
    if not isinstance(value, type):
        return None
    return getattr(value, "model_json_schema", None) or getattr(value, "schema", None)


def read_schema(value: object, key: str, notes: Notes) -> dict | None:
    """A JSON schema of type object; None where there is none. A schema that cannot be read is an error."""
    if value is None:
        return None
    if make := schema_function(value):
        try:
            return make()
        except Exception as error:  # the author's class may be anything
            notes.error(f"{key}: {value.__name__} gives no JSON schema: {error}")
            return None
    if not isinstance(value, dict):
        notes.error(f"{key} must be a dict or a pydantic class, not {type(value).__name__}")
        return None
    if value.get("type") == "object" and isinstance(value.get("properties"), dict):
        return value
    return {"type": "object", "properties": {str(name): _property(field) for name, field in value.items()}}


def _property(value: object) -> dict:
    if isinstance(value, dict):
        return value
    if isinstance(value, type):
        value = value.__name__
    return {"type": FIELD_TYPES.get(value.lower(), value.lower())} if isinstance(value, str) else {}


def output_fields(schema: dict | None) -> dict[str, dict]:
    """Property name → `{"type"}` in a bucket's field types: what a collection's output_schema can show."""
    properties = (schema or {}).get("properties", {})
    return {str(name): _output_field(unwrap(value)) for name, value in properties.items()}


def _output_field(value: dict) -> dict:
    word = value.get("type")
    # A list of types without null is no single type; object is the one that holds anything.
    word = word.lower() if isinstance(word, str) else "object"
    if word == "string" and value.get("format") == "date-time":
        word = "datetime"
    elif word == "string" and value.get("format") == "date":
        word = "date"
    word = FIELD_TYPES.get(word, word)
    field = {"type": word if word in KNOWN_TYPES else "object"}
    if isinstance(value.get("description"), str):
        field["description"] = value["description"]
    return field


def unwrap(value: object) -> dict:
    """A property without its wrapping: `X | null` is X, a `$ref` is an object."""
    if not isinstance(value, dict):
        return {}
    if "$ref" in value:
        return {"type": "object"}
    for key in ("anyOf", "oneOf"):
        given = value.get(key)
        choices = [choice for choice in given if choice != {"type": "null"}] if isinstance(given, (list, tuple)) else []
        if len(choices) == 1:
            return {**{k: v for k, v in value.items() if k != key}, **unwrap(choices[0])}
    if isinstance(value.get("type"), list):
        kinds = [kind for kind in value["type"] if kind != "null"]
        return {**value, "type": kinds[0] if len(kinds) == 1 else None}
    return value
