"""Base classes under older names."""

from shared.plugins.inference.batch import BaseBatchInferenceService
from shared.plugins.inference.serve import BaseInferenceService

__all__ = ["BaseBatchInferenceService", "BaseInferenceService"]
