"""The base of services that answer queries (plugin contract 5.1)."""

from dataclasses import dataclass

from nacre_host.logs import logger


@dataclass
class ServeDeploymentConfig:
    """How many replicas a service wants; a label here."""

    enabled: bool = True
    num_replicas: int = 1
    min_replicas: int | None = None
    max_replicas: int | None = None
    target_ongoing_requests: int | None = None
    num_cpus: float | None = None
    num_gpus: float | None = None
    memory_gb: float | None = None


class BaseInferenceService:
    """Gives a logger; which method answers is the subclass's choice."""

    def __init__(self, *arguments, **keywords) -> None:
        super().__init__()
        self.logger = logger(type(self).__name__)
