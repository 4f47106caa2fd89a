"""The container: what a plugin may ask of its host, and clear answers to what there is not (plugin contract 3.6)."""

from nacre_host.plugin.services import SERVICES, NotConfigured, not_installed


class Llm:
    """This server offers plugins no language model; every call says so."""

    async def generate(
        self, instruction=None, text=None, images=None, provider="google", model=None, schema=None, **others
    ):
        raise NotConfigured(f"LLM provider {provider or 'google'} is not configured; this server offers plugins no LLM")

    async def process(self, request=None, **others):
        provider = getattr(request, "provider", None)
        return await self.generate(provider=provider or "google")

    @property
    def service(self) -> "Llm":
        return self


class Secrets:
    """Secrets of the organization, by their exact names; what is not there is answered with the names that are."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    async def get(self, name: str) -> str:
        if name in self._values:
            return self._values[name]
        alike = next((known for known in self._values if known.lower() == str(name).lower()), None)
        if alike:
            raise LookupError(f"no secret '{name}'; '{alike}' differs from it only in case")
        raise LookupError(f"no secret '{name}'; the secrets are {_names(self._values)}")

    async def list(self) -> list[str]:
        return sorted(self._values)


class Models:
    """Uploaded models, by `<name>_<X_Y_Z>`."""

    def __init__(self, models: dict[str, dict]) -> None:
        self.known = models

    def get(self, name: str) -> object:
        from shared.models.loader import load_namespace_model

        return load_namespace_model(name)


class InferenceService:
    """A service the plugin contract knows; it says what is missing when it is called."""

    def __init__(self, service_id: str) -> None:
        self.service_name = service_id
        self.embedding_dim = SERVICES[service_id].dimensions

    def __getattr__(self, name: str):
        if name not in ("embed_batch", "text_to_embedding", "transcribe"):
            raise AttributeError(f"inference service has no {name}")
        raise not_installed(self.service_name)


class Inference:
    """Services by id."""

    def get(self, service_id: str) -> InferenceService:
        if service_id not in SERVICES:
            raise ValueError(f"unknown inference service '{service_id}'; known are {_names(SERVICES)}")
        return InferenceService(service_id)


class Container:
    """`container.llm`, `.secrets`, `.models`, `.inference`."""

    def __init__(self, secrets: dict[str, str], models: dict[str, dict]) -> None:
        self.llm = Llm()
        self.secrets = Secrets(secrets)
        self.models = Models(models)
        self.inference = Inference()


def _names(values) -> str:
    return ", ".join(sorted(values)) or "none"
