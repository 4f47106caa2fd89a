"""Models for processors (plugin contract 7.2)."""

from engine.models.lazy import LazyModelMixin, lazy_model
from shared.models.loader import load_hf_model, load_namespace_model

__all__ = ["LazyModelMixin", "lazy_model", "load_hf_model", "load_namespace_model"]
