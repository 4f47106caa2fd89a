"""Types that older plugins name (plugin contract 10)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from nacre_host.plugin.request import ExtractorRequest

__all__ = ["ExtractorRequest", "PipelineResult", "PipelineStepsAndPrepare"]


@dataclass
class PipelineStepsAndPrepare:
    """What an entry point may return instead of a dict."""

    steps: list = field(default_factory=list)
    prepare: Callable | None = None


PipelineResult = PipelineStepsAndPrepare
