"""How a batch of rows becomes vectors and fields."""

import hashlib
import math

from .manifest import features

COLUMN = features[0]["feature_name"]
DIMENSIONS = features[0]["embedding_dim"]


def embed(text):
    """Replace this: each word counts at a place that its hash names. None where there is nothing to embed."""
    vector = [0.0] * DIMENSIONS
    for word in text.lower().split():
        place = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
        vector[place % DIMENSIONS] += 1.0
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector] if length else None


class Starter:
    def __call__(self, batch):
        # A pandas DataFrame; the text of each row is in column `data`, None where a property is empty.
        texts = [text or "" for text in batch["data"]]
        batch[COLUMN] = [embed(text) for text in texts]
        batch["word_count"] = [len(text.split()) for text in texts]
        return batch


def build_steps(extractor_request, container=None, base_steps=None, **kwargs):
    return {"steps": [Starter()]}
