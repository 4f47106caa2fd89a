"""The transcription service under the name of older plugins."""

from nacre_host.plugin.services import service_class

WhisperTranscriptionBatch = service_class("openai/whisper-large-v3-turbo")
