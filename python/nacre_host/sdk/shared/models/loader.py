"""Models: uploaded ones and Hugging Face's (plugin contract 7.2)."""

import contextlib
from concurrent.futures import Future, ThreadPoolExecutor

from nacre_host.plugin.models import find_model

__all__ = ["is_hf_model_cached", "load_hf_model", "load_hf_model_async", "load_namespace_model"]


def load_namespace_model(name: str) -> object:
    """Weights of an uploaded model, by its format: a state dict, or the path of what is no state dict.

    Raises LookupError, with the names there are, for an unknown one.
    """
    path, kind = find_model(name)
    if kind in ("onnx", "huggingface"):
        return path
    from mixpeek_dev.models import load_custom_model

    loaded = load_custom_model(path)
    return getattr(loaded, "tensors", None) or getattr(loaded, "state_dict", loaded)


def load_hf_model(
    hf_model_id: str,
    model_class: str = "AutoModel",
    tokenizer_class: str | None = "AutoTokenizer",
    torch_dtype: str = "float32",
) -> dict:
    """Weights and configuration of a Hugging Face model; needs transformers and torch, and the network or a cache."""
    import torch
    import transformers

    kind = getattr(transformers, model_class)
    model = kind.from_pretrained(hf_model_id, torch_dtype=getattr(torch, torch_dtype))
    tokenizer = {}
    if tokenizer_class:
        from huggingface_hub import snapshot_download

        tokenizer = {"tokenizer_dir": snapshot_download(hf_model_id), "class": tokenizer_class}
    return {
        "state_dict": model.state_dict(),
        "config": model.config,
        "tokenizer_config": tokenizer,
        "model_class": model_class,
        "hf_model_id": hf_model_id,
    }


def load_hf_model_async(hf_model_id: str, **options) -> Future:
    """A reference for `ray.get`."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(load_hf_model, hf_model_id, **options)
    pool.shutdown(wait=False)
    return future


def is_hf_model_cached(hf_model_id: str) -> bool:
    """True where the model can be loaded without the network."""
    with contextlib.suppress(Exception):
        from huggingface_hub import snapshot_download

        return bool(snapshot_download(hf_model_id, local_files_only=True))
    return False
