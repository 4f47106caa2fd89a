"""How a batch of rows becomes vectors and fields."""

from engine.plugins.extractors.pipeline import (
    PipelineDefinition,
    ResourceType,
    RowCondition,
    StepDefinition,
    build_pipeline_steps,
)

from .manifest import feature_extractor_name, version
from .text import embed, keywords, words_of


class Keywords:
    """One step: it is made once, and then called with batch after batch."""

    def __init__(self, config):
        self.config = config

    def __call__(self, batch):
        # `batch` is a pandas DataFrame; the content of each row is in column `data`. None is an empty property.
        texts = [text or "" for text in batch["data"]]

        # A column named like the feature is its vector. None means: no vector, skip this row (and say so).
        batch["keywords_embedding"] = [embed(text, self.config["letters"]) for text in texts]

        # Every other new column is a field of the document.
        batch["keywords"] = [keywords(text, self.config["keywords_max"]) for text in texts]
        batch["word_count"] = [len(words_of(text)) for text in texts]
        return batch


def build_steps(extractor_request, container=None, base_steps=None, **kwargs):
    """The server calls this once for each set of parameters."""
    parameters = extractor_request.extractor_config.parameters or {}
    step = StepDefinition(
        service_class=Keywords,
        resource_type=ResourceType.CPU,
        # Images, videos and the like pass by untouched.
        condition=RowCondition.IS_TEXT,
        # Defaults are the plugin's to apply.
        config={"letters": parameters.get("letters", 3), "keywords_max": parameters.get("keywords_max", 8)},
    )
    pipeline = PipelineDefinition(name=feature_extractor_name, version=version, steps=[step])
    return {"steps": build_pipeline_steps(pipeline)}
