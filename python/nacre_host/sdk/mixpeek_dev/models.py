"""Weights that a plugin ships in its archive (plugin contract 7.2)."""

import json
import os
import struct

DTYPES = {"F64": "f8", "F32": "f4", "F16": "f2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1", "U8": "u1", "BOOL": "?"}


def load_custom_model(path: str) -> object:
    """A model by its ending: .safetensors, .pt, .pth or .onnx; relative to the plugin's folder, which is the current one."""
    ending = os.path.splitext(path)[1].lower()
    if ending == ".safetensors":
        return SafeTensors(path)
    if ending in (".pt", ".pth"):
        import torch

        loaded = torch.load(path, map_location="cpu", weights_only=True)
        return Parameters(loaded) if isinstance(loaded, dict) else loaded
    if ending == ".onnx":
        return OnnxModel(path)
    raise ValueError(f"{path}: models end in .safetensors, .pt, .pth or .onnx")


class SafeTensors:
    """The tensors of a .safetensors file: torch's where it is installed, else numpy's."""

    def __init__(self, path: str) -> None:
        try:
            from safetensors.torch import load_file
        except ImportError:
            load_file = read_safetensors
        self.tensors = load_file(path)

    def keys(self) -> list[str]:
        return list(self.tensors)

    def get_tensor(self, name: str):
        return self.tensors[name]


class Parameters:
    """A state dict."""

    def __init__(self, state_dict: dict) -> None:
        self.state_dict = state_dict

    def keys(self) -> list[str]:
        return list(self.state_dict)

    def get_param(self, name: str):
        return self.state_dict[name]


class OnnxModel:
    """A session of onnxruntime."""

    def __init__(self, path: str) -> None:
        import onnxruntime

        self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.input_names = [part.name for part in self._session.get_inputs()]
        self.output_names = [part.name for part in self._session.get_outputs()]

    def run(self, inputs: dict) -> list:
        return self._session.run(self.output_names, inputs)


def read_safetensors(path: str) -> dict:
    """Name → numpy array: a header of JSON with its length before it, then the tensors' bytes."""
    import numpy

    with open(path, "rb") as source:
        data = source.read()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in DTYPES:
            raise ValueError(f"{path}: {name} is {entry['dtype']}, which numpy has not; install torch and safetensors")
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        kind = numpy.dtype(DTYPES[entry["dtype"]]).newbyteorder("<")
        tensors[name] = numpy.frombuffer(data[start:end], kind).reshape(entry["shape"])
    return tensors
