"""Models that are loaded on the first batch (plugin contract 7.2)."""

import functools

from shared.models.loader import load_hf_model, load_namespace_model


class LazyModelMixin:
    """Beside BaseBatchInferenceService; class attributes say which model, `get_model()` loads it once."""

    model_id = ""
    model_class = "AutoModel"
    tokenizer_class = "AutoTokenizer"
    torch_dtype = "float32"
    model_source = "huggingface"

    def __init__(self, *arguments, **keywords) -> None:
        super().__init__(*arguments, **keywords)

    def get_model(self) -> tuple:
        """`(model, tokenizer)`."""
        self.ensure_model_loaded()
        return self._lazy_model

    def ensure_model_loaded(self) -> None:
        if getattr(self, "_lazy_model", None) is None:
            self._lazy_model = self._instantiate_model(self._load())

    @property
    def model(self) -> object:
        return self.get_model()[0]

    @property
    def tokenizer(self) -> object:
        return self.get_model()[1]

    def _load(self) -> object:
        if self.model_source == "namespace":
            return load_namespace_model(self.model_id)
        return load_hf_model(self.model_id, self.model_class, self.tokenizer_class, self.torch_dtype)

    def _instantiate_model(self, cached_data: object) -> tuple:
        """`(model, tokenizer or None)` of what was loaded; for subclasses to say otherwise."""
        return instantiate(cached_data)

    @staticmethod
    def _detect_device() -> str:
        return detect_device()


def instantiate(loaded: object) -> tuple:
    """A model of Hugging Face's configuration and weights; anything else is the model itself."""
    if not isinstance(loaded, dict) or "hf_model_id" not in loaded:
        return loaded, None
    import transformers

    kind = getattr(transformers, loaded["model_class"])
    # Auto classes make models from a configuration, concrete ones by their constructor.
    model = kind.from_config(loaded["config"]) if hasattr(kind, "from_config") else kind(loaded["config"])
    model.load_state_dict(loaded["state_dict"])
    model.eval()
    words = loaded["tokenizer_config"]
    tokenizer = getattr(transformers, words["class"]).from_pretrained(words["tokenizer_dir"]) if words else None
    return model, tokenizer


def detect_device() -> str:
    """cuda, mps or cpu; cpu where torch is not installed."""
    try:
        import torch
    except ImportError:
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def lazy_model(
    model_id: str,
    model_class: str = "AutoModel",
    tokenizer_class: str = "AutoTokenizer",
    torch_dtype: str = "float32",
    model_source: str = "huggingface",
):
    """Decorates `__call__`: `self._model`, `self._tokenizer` and `self._device` are set before its body runs."""

    def decorate(function):
        @functools.wraps(function)
        def call(self, *arguments, **keywords):
            if getattr(self, "_model", None) is None:
                is_own = model_source == "namespace"
                loaded = (
                    load_namespace_model(model_id)
                    if is_own
                    else load_hf_model(model_id, model_class, tokenizer_class, torch_dtype)
                )
                self._model, self._tokenizer = instantiate(loaded)
                self._device = detect_device()
            return function(self, *arguments, **keywords)

        return call

    return decorate
