"""Values of a plugin → JSON (plugin contract 4.3)."""

import dataclasses
import datetime
import decimal
import enum
import math
import os
import uuid

DEPTH_MAX = 64
# Beyond it JSON readers of other languages round without a word.
INTEGER_MAX = 2**53 - 1


class NotJson(ValueError):
    """A value has no JSON form; the text says what it is and what would be right."""


def to_json(value: object, strict: bool = True, depth: int = 0) -> object:
    """JSON of numbers, texts, dates, enums, containers, arrays, dataclasses and pydantic objects; NaN and NaT are null.

    Raises NotJson for bytes, unknown objects, too large integers and too deep a nesting; where `strict` is false
    those become a text that names them.
    """
    try:
        return _convert(value, strict, depth)
    except NotJson:
        if strict:
            raise
        return f"<{_name(value)}>"


def is_null(value: object) -> bool:
    """True for None, NaN, NaT and pandas' NA."""
    if value is None:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return type(value).__name__ in ("NAType", "NaTType")


def clean_text(text: str) -> str:
    """The text with its lone surrogates replaced: they are no Unicode, and no database takes them."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _convert(value: object, strict: bool, depth: int) -> object:
    if depth > DEPTH_MAX:
        raise NotJson(f"values nested more than {DEPTH_MAX} deep; store less")
    if is_null(value):
        return None
    if isinstance(value, enum.Enum):
        return to_json(value.value, strict, depth + 1)
    if isinstance(value, str):
        return _text(value, strict)
    if isinstance(value, (bool, int)):
        return _whole(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise NotJson("bytes; store a URL or base64 text")
    if isinstance(value, dict):
        return {_text(str(key), strict): to_json(item, strict, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item, strict, depth + 1) for item in value]
    if isinstance(value, (set, frozenset)):
        return [to_json(item, strict, depth + 1) for item in sorted(value, key=repr)]
    return _convert_object(value, strict, depth)


def _convert_object(value: object, strict: bool, depth: int) -> object:
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (uuid.UUID, os.PathLike)):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return float(value) if value.is_finite() else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
        return to_json(parts, strict, depth + 1)
    # pydantic's, then what arrays, scalars and tensors have.
    for method, arguments in (("model_dump", {"mode": "json"}), ("tolist", {})):
        call = getattr(value, method, None)
        if callable(call) and not isinstance(value, type):
            return to_json(call(**arguments), strict, depth + 1)
    raise NotJson(f"{_name(value)}, which has no JSON form; store text, numbers, lists or dicts")


def _text(text: str, strict: bool) -> str:
    # What is shown is kept in a database, which takes no NUL.
    return clean_text(text) if strict else clean_text(text).replace("\0", "\ufffd")


def _whole(value: int) -> int:
    if abs(value) > INTEGER_MAX:
        raise NotJson("an integer beyond 2^53, which other languages round; store text")
    return value if isinstance(value, bool) else int(value)


def _name(value: object) -> str:
    kind = type(value).__name__
    return f"{len(value)} {kind}" if isinstance(value, (bytes, bytearray)) else kind
