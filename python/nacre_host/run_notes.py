"""What a run should tell beside its results: each sentence once, with how often it happened."""

import threading
from collections import Counter

SENTENCES_MAX = 100


class RunNotes:
    """Counted sentences, in the order they first came."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, sentence: str) -> None:
        with self._lock:
            if sentence in self._counts or len(self._counts) < SENTENCES_MAX:
                self._counts[sentence] += 1

    def take(self) -> list[str]:
        """The sentences so far, which are then forgotten."""
        with self._lock:
            told = [text if count == 1 else f"{text} ({count} times)" for text, count in self._counts.items()]
            self._counts.clear()
            return told


notes = RunNotes()


def note_swallowed(function: str, error: BaseException) -> None:
    """Counts an exception that a parallel helper turned into nothing (plugin contract 3.6)."""
    notes.add(f"{function}: a call failed: {type(error).__name__}: {error}")
