"""Parameters against a plugin's `parameter_schema` (plugin contract 3.5)."""

import re

from nacre_host.manifest.near import nearest

TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
LIMITS = {
    "minimum": (lambda value, limit: value >= limit, ">="),
    "maximum": (lambda value, limit: value <= limit, "<="),
    "exclusiveMinimum": (lambda value, limit: value > limit, ">"),
    "exclusiveMaximum": (lambda value, limit: value < limit, "<"),
}
# The words of pydantic's errors → ours.
PYDANTIC = {
    "greater_than_equal": ("ge", "must be >= {}"),
    "greater_than": ("gt", "must be > {}"),
    "less_than_equal": ("le", "must be <= {}"),
    "less_than": ("lt", "must be < {}"),
}


def check_parameters(parameters: dict, schema: dict | None) -> tuple[list[str], list[str]]:
    """Errors and warnings; an unknown name is an error only where the schema forbids it."""
    if not schema:
        return [], []
    known = schema.get("properties", {})
    errors = [f"parameters.{name} is required" for name in schema.get("required", ()) if name not in parameters]
    warnings = []
    for name, value in parameters.items():
        if name in known:
            errors += _faults(f"parameters.{name}", value, known[name], schema)
            continue
        meant = nearest(name, known)
        text = f"parameters.{name} is not a parameter" + (f"; did you mean {meant}?" if meant else "")
        (errors if schema.get("additionalProperties") is False else warnings).append(text)
    return errors, warnings


def validation_sentences(error: BaseException) -> list[str]:
    """`parameters.words: must be >= 1` for each fault of a pydantic ValidationError; none for other errors."""
    faults = getattr(error, "errors", None)
    if type(error).__name__ != "ValidationError" or not callable(faults):
        return []
    return [_pydantic_sentence(fault) for fault in faults()]


def _pydantic_sentence(fault: dict) -> str:
    where = ".".join(["parameters", *map(str, fault.get("loc", ()))])
    limit, text = PYDANTIC.get(fault.get("type"), ("", ""))
    if limit in (fault.get("ctx") or {}):
        return f"{where}: {text.format(fault['ctx'][limit])}"
    return f"{where}: {fault.get('msg', 'is not valid')}"


def _faults(where: str, value: object, field: object, schema: dict) -> list[str]:
    if not isinstance(field, dict):
        return []
    if "$ref" in field:
        return _faults(where, value, _referred(field["$ref"], schema), schema)
    for key in ("anyOf", "oneOf"):
        if choices := field.get(key):
            found = [_faults(where, value, choice, schema) for choice in choices]
            return [] if any(not faults for faults in found) else max(found, key=len)[:1]
    return _plain_faults(where, value, field, schema)


def _plain_faults(where: str, value: object, field: dict, schema: dict) -> list[str]:
    kinds = field.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds] if kinds else []
    if kinds and not any(_is_kind(value, kind) for kind in kinds):
        return [f"{where}: must be {' or '.join(kinds)}, not {type(value).__name__}"]
    if "enum" in field and value not in field["enum"]:
        return [f"{where}: must be one of {', '.join(map(repr, field['enum']))}"]
    faults = []
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        faults += [
            f"{where}: must be {sign} {field[word]}"
            for word, (holds, sign) in LIMITS.items()
            if word in field and not holds(value, field[word])
        ]
    if isinstance(value, str):
        faults += _text_faults(where, value, field)
    if isinstance(value, list) and isinstance(field.get("items"), dict):
        for index, item in enumerate(value):
            faults += _faults(f"{where}[{index}]", item, field["items"], schema)
    return faults


def _text_faults(where: str, value: str, field: dict) -> list[str]:
    faults = []
    if len(value) < field.get("minLength", 0):
        faults.append(f"{where}: must have at least {field['minLength']} characters")
    if "maxLength" in field and len(value) > field["maxLength"]:
        faults.append(f"{where}: must have at most {field['maxLength']} characters")
    if "pattern" in field and not re.search(field["pattern"], value):
        faults.append(f"{where}: must match {field['pattern']}")
    return faults


def _is_kind(value: object, kind: str) -> bool:
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    if kind in ("integer", "number") and isinstance(value, bool):
        return False
    return isinstance(value, TYPES.get(kind, object))


def _referred(reference: str, schema: dict) -> object:
    found: object = schema
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    return found
