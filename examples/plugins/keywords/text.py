"""The work itself, in plain functions: the pipeline and the query service both call them."""

import math
import re
import zlib
from collections import Counter

from .manifest import DIMENSIONS

WORD = re.compile(r"\w+", re.UNICODE)
COMMON = frozenset(
    "a about after all also an and are as at be been but by can for from had has have he her his how i if in into is "
    "it its more no not of on or other our out she so some than that the their them there these they this to up was "
    "we were what when which who will with would you your".split()
)


def words_of(text):
    """Words in lower case, in their order."""
    return [word.casefold() for word in WORD.findall(text)]


def embed(text, letters=3):
    """A vector of length 1: each piece of `letters` letters counts at a place its hash names.

    Texts that share pieces of words come out close together, so `indexing` finds `indexes`.
    """
    vector = [0.0] * DIMENSIONS
    for word in words_of(text):
        padded = f" {word} "
        for start in range(max(1, len(padded) - letters + 1)):
            piece = zlib.crc32(padded[start : start + letters].encode())
            # The sign keeps pieces that meet in one place from adding up.
            vector[piece % DIMENSIONS] += 1.0 if piece & 0x80000000 else -1.0
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector] if length else None


def keywords(text, limit=8):
    """The words a text is about: those it repeats, long ones before short ones, without the most common of all."""
    counts = Counter(word for word in words_of(text) if len(word) > 2 and word not in COMMON)
    return sorted(counts, key=lambda word: (-counts[word] * math.log(1 + len(word)), word))[:limit]
