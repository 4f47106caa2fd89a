"""The vector in a service's response (plugin contract 5.3)."""

from nacre_host.manifest.features import Vector
from nacre_host.rows.vectors import NoVector, to_vector

KEYS_TOLD_MAX = 20


def choose_vector(response: object, vector: Vector) -> str:
    """Base64 of the vector under the feature's name, else `embedding`, else the first of `embeddings`.

    Raises NoVector: for a response without one, with its keys; for one of another length, with both lengths.
    """
    name = vector.feature_name
    expected = f"'{name}' or 'embedding'"
    if not isinstance(response, dict):
        kind = type(response).__name__
        raise NoVector(f"Cannot extract dense vector: realtime returned {kind}, expected a dict with {expected}")
    for key in (name, "embedding"):
        if response.get(key) is not None:
            return to_vector(response[key], vector.embedding_dim, f"realtime: {key}")
    several = response.get("embeddings")
    if several is not None and hasattr(several, "__len__") and len(several) > 0:
        return to_vector(several[0], vector.embedding_dim, "realtime: embeddings[0]")
    keys = ", ".join(str(key) for key in list(response)[:KEYS_TOLD_MAX]) or "none"
    raise NoVector(f"Cannot extract dense vector: response keys are {keys}; expected {expected}")
