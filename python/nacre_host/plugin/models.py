"""The uploaded models that the server gave this plugin."""

_models: dict[str, dict] = {}


def offer_models(models: dict[str, dict]) -> None:
    """`models`: `<name>_<X_Y_Z>` → `{"path", "format"}`."""
    _models.clear()
    _models.update(models)


def find_model(name: str) -> tuple[str, str]:
    """Path and format (pytorch, safetensors, onnx or huggingface). Raises LookupError with the names there are."""
    if name not in _models:
        raise LookupError(f"no model '{name}'; the models are {', '.join(sorted(_models)) or 'none'}")
    return _models[name]["path"], _models[name]["format"]
