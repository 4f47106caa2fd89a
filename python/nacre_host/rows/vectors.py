"""Vectors: what a plugin may hand over as one (plugin contract 4.3)."""

import base64

import numpy as np

from nacre_host.values import is_null


class NoVector(ValueError):
    """A value that is no vector of the declared length."""


def to_vector(value: object, dimensions: int, label: str) -> str:
    """Base64 of little-endian float32. Raises NoVector, the text beginning with `label`."""
    array = _to_array(value, label)
    if array.ndim != 1:
        raise NoVector(f"{label} has the shape {array.shape}, expected a list of {dimensions} numbers")
    if array.size != dimensions:
        raise NoVector(f"{label} has {array.size} dimensions, the manifest declares {dimensions}")
    with np.errstate(over="ignore"):
        numbers = array.astype("<f4")
    if not np.isfinite(numbers).all():
        position = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise NoVector(f"{label} holds {array[position]!s} at {position}; every number must be finite")
    return base64.b64encode(numbers.tobytes()).decode()


def _to_array(value: object, label: str) -> np.ndarray:
    if isinstance(value, (str, bytes, dict)) or not hasattr(value, "__len__"):
        raise NoVector(f"{label} is {type(value).__name__}, expected a list of numbers")
    if hasattr(value, "detach"):
        # A tensor may sit on a GPU and carry gradients.
        value = value.detach().cpu().numpy()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise NoVector(f"{label} holds lists of several lengths, expected numbers") from error
    if array.size and array.dtype.kind not in "iuf":
        wrong = next((item for item in array.ravel().tolist() if is_null(item) or not _is_number(item)), None)
        raise NoVector(f"{label} holds {type(wrong).__name__}, expected numbers")
    return array


def _is_number(item: object) -> bool:
    return isinstance(item, (int, float)) and not isinstance(item, bool)
