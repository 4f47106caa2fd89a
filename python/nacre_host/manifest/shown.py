"""A stranger's value in one of our sentences."""

import reprlib

CHARACTERS_MAX = 120

_short = reprlib.Repr()
_short.maxstring = _short.maxother = CHARACTERS_MAX
_short.maxlevel = 3


def shown(value: object) -> str:
    """The value as Python writes it, cut where it is long, deep or large; never raises."""
    if isinstance(value, int) and value.bit_length() > 64:
        return f"an integer of {value.bit_length()} bits"
    try:
        return _short.repr(value)
    except Exception:  # an author's class may write itself as it likes, and integers inside may be too long to write
        return f"<{type(value).__name__}>"


def cut(text: str) -> str:
    """A text without quotes around it: at most 120 characters."""
    return text if len(text) <= CHARACTERS_MAX else text[: CHARACTERS_MAX - 1] + "…"
