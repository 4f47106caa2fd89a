"""The base class under an older name."""

from shared.plugins.inference.batch import BaseBatchInferenceService

__all__ = ["BaseBatchInferenceService"]
