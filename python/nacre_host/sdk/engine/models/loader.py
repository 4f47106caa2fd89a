"""Model loaders under an older name."""

from shared.models.loader import is_hf_model_cached, load_hf_model, load_hf_model_async, load_namespace_model

__all__ = ["is_hf_model_cached", "load_hf_model", "load_hf_model_async", "load_namespace_model"]
