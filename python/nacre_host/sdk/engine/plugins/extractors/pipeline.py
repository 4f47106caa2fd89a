"""Pipelines: steps, the rows they are for, and the processors that do them (plugin contract 3.3)."""

import enum
from dataclasses import dataclass, field

from nacre_host.event_loop import settle
from nacre_host.plugin.binding import construct
from nacre_host.rows.frame import join, split


class ResourceType(enum.Enum):
    """What a step needs; a label here, save that steps for a GPU get smaller batches."""

    CPU = "cpu"
    GPU = "gpu"
    API = "api"


class RowCondition(enum.Enum):
    """Which rows a step is for; the others pass by unchanged."""

    ALWAYS = "always"
    IS_TEXT = "is_text"
    IS_IMAGE = "is_image"
    IS_VIDEO = "is_video"
    IS_AUDIO = "is_audio"
    IS_PDF = "is_pdf"
    IS_VISUAL = "is_visual"
    IS_VIDEO_OR_AUDIO = "is_video_or_audio"

    def holds(self, mime_type: object, blob_type: object) -> bool:
        """By the MIME type; by the blob's type where the MIME type says nothing."""
        return self is RowCondition.ALWAYS or content_kind(mime_type, blob_type) in _KINDS[self]


_KINDS = {
    RowCondition.IS_TEXT: ("text",),
    RowCondition.IS_IMAGE: ("image",),
    RowCondition.IS_VIDEO: ("video",),
    RowCondition.IS_AUDIO: ("audio",),
    RowCondition.IS_PDF: ("pdf",),
    RowCondition.IS_VISUAL: ("image", "video"),
    RowCondition.IS_VIDEO_OR_AUDIO: ("video", "audio"),
}


def content_kind(mime_type: object, blob_type: object) -> str | None:
    """text, image, video, audio or pdf; the blob's type where the MIME type is none of them."""
    mime = str(mime_type or "").lower()
    if mime.startswith("application/pdf"):
        return "pdf"
    kind = mime.split("/")[0]
    if kind in ("text", "image", "video", "audio"):
        return kind
    return str(blob_type).lower() if blob_type else None


@dataclass
class StepDefinition:
    """One step; `config` goes to the processor as it is, whatever it is."""

    service_class: type
    resource_type: ResourceType = ResourceType.CPU
    config: object = None
    condition: RowCondition = RowCondition.ALWAYS
    enabled: bool = True
    concurrency: int | None = None
    batch_size: int | None = None


@dataclass
class PipelineDefinition:
    """Steps in their order; name and version are labels."""

    name: str
    version: str
    steps: list[StepDefinition] = field(default_factory=list)


class BuiltStep:
    """A step that can be called. The processor is made on the first batch, once."""

    def __init__(self, definition: StepDefinition) -> None:
        self.definition = definition
        self._instance = None

    @property
    def name(self) -> str:
        cls = self.definition.service_class
        return getattr(cls, "__name__", type(cls).__name__)

    def process(self, batch):
        """The processor on rows that are for it, all of them."""
        if self._instance is None:
            service = self.definition.service_class
            self._instance = construct(service, self.definition.config) if isinstance(service, type) else service
        has_call = callable(self._instance)
        return settle(self._instance(batch) if has_call else self._instance._process_batch(batch))

    def __call__(self, batch):
        matching, rest = split(batch, self.definition.condition)
        return join([self.process(matching), rest]) if len(matching) else batch


def build_pipeline_steps(pipeline, dataset_size=None, **others) -> list[BuiltStep]:
    """The enabled steps, ready to be called."""
    steps = pipeline.steps if isinstance(pipeline, PipelineDefinition) else pipeline
    return [BuiltStep(step) for step in steps if step.enabled]
