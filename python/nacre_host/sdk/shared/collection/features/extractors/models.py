"""The definition that the oldest plugins carry (plugin contract 3.1)."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class ExtractorDefinition:
    """`extractor_function_path` is the function itself."""

    name: str
    version: str
    extractor_function_path: Callable | None = None
    requires_file_resolution: bool = False
