"""Errors and warnings of one reading."""

from dataclasses import dataclass, field

NOTES_MAX = 100
CHARACTERS_MAX = 1000


@dataclass
class Notes:
    """Sentences in the order they were found, none twice, a hundred of each kind at most."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def error(self, text: str) -> None:
        self._add("errors", self.errors, text)

    def warn(self, text: str) -> None:
        self._add("warnings", self.warnings, text)

    def _add(self, kind: str, told: list[str], text: str) -> None:
        # More is not even remembered: a manifest can have a million faults.
        if len(told) > NOTES_MAX:
            return
        sentence = _printable(text)
        if (kind, sentence) in self._seen:
            return
        self._seen.add((kind, sentence))
        told.append(sentence if len(told) < NOTES_MAX else f"there are more {kind}; mend these first")


def _printable(text: str) -> str:
    short = text if len(text) <= CHARACTERS_MAX else text[: CHARACTERS_MAX - 1] + "…"
    # Sentences are kept in a database: no NUL, no lone surrogates.
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in short)
