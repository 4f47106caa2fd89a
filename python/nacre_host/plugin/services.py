"""The inference services that plugins can name (plugin contract 7.1)."""

from dataclasses import dataclass


class NotConfigured(RuntimeError):
    """Something that plugins can ask for, and that this server has not."""


@dataclass(frozen=True)
class Service:
    """What is known of a service; `dimensions` is None for those that make no vectors."""

    kind: str
    dimensions: int | None


SERVICES = {
    "intfloat/multilingual-e5-large-instruct": Service("text embedding", 1024),
    "google/siglip-base-patch16-224": Service("image embedding", 768),
    "jinaai/jina-embeddings-v2-base-code": Service("code embedding", 768),
    "BAAI/bge-reranker-v2-m3": Service("reranker", None),
    "openai/whisper-large-v3-turbo": Service("transcription", None),
}


def not_installed(service_id: str) -> NotConfigured:
    """The error of every use of a service that is not here."""
    kind = SERVICES[service_id].kind
    advice = "load the model in the plugin, from its own files or with load_hf_model"
    return NotConfigured(f"{service_id} ({kind}) is not installed on this server; {advice}")


def service_class(service_id: str) -> type:
    """A class for a known id: it can be named and put into steps, and fails when it is instantiated."""
    if service_id not in SERVICES:
        raise ValueError(f"unknown service '{service_id}'; known are {', '.join(sorted(SERVICES))}")

    class NotInstalledService:
        def __init__(self, *arguments, **keywords) -> None:
            raise not_installed(service_id)

        def __call__(self, batch):
            raise not_installed(service_id)

    NotInstalledService.service_id = service_id
    return NotInstalledService
