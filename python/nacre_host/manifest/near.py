"""Which known word was meant."""

from collections.abc import Iterable


def edit_distance(one: str, other: str) -> int:
    """Insertions, deletions and replacements between two words."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        previous, row[0] = row[0], i
        for j, against in enumerate(other, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (letter != against))
    return row[-1]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word at most 2 edits away (1 for short words), whatever its case; None for the same word or none."""
    best: tuple[int, str] | None = None
    for candidate in known:
        if candidate == word or abs(len(candidate) - len(word)) > 2:
            continue
        distance = edit_distance(word.lower(), candidate.lower())
        if distance <= min(2, len(candidate) // 4) and (best is None or distance < best[0]):
            best = (distance, candidate)
    return best[1] if best else None
