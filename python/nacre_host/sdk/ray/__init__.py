"""The few names of Ray that plugins import: there is no cluster here, and everything is local already."""

from ray import serve

__all__ = ["get", "serve"]


def get(reference):
    """What a reference stands for; anything else, and lists of both, as they are."""
    if isinstance(reference, list):
        return [get(item) for item in reference]
    result = getattr(reference, "result", None)
    return result() if callable(result) else reference
