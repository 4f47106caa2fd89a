"""What the plugin is called, what it makes, and what it can be asked.

The server reads this file without running it, so keep to plain values where you can.
"""

feature_extractor_name = "keywords"
version = "1.0.0"
description = "A vector from the letters of a text, and the words it is about; no model, no network"
category = "text"
supported_input_types = ["text"]

# One vector a document. Its name is the column that the pipeline writes, and the name searches use.
DIMENSIONS = 128
features = [
    {
        "feature_type": "embedding",
        "feature_name": "keywords_embedding",
        "embedding_dim": DIMENSIONS,
        "distance_metric": "cosine",
    },
]
feature_uri = f"mixpeek://{feature_extractor_name}@{version}/{features[0]['feature_name']}"

# Extractor input -> where it usually stands in an object.
input_mappings = {"text": "text"}
input_schema = {"text": {"type": "string", "description": "The text to read"}}

# Everything a document gets from this plugin.
output_schema = {
    "keywords_embedding": {"type": "array", "items": {"type": "number"}},
    "keywords": {"type": "array", "items": {"type": "string"}, "description": "The words it is about, best first"},
    "word_count": {"type": "integer"},
}

# What a collection may set; other names and values are refused when the collection is made.
parameter_schema = {
    "type": "object",
    "properties": {
        "keywords_max": {"type": "integer", "minimum": 1, "maximum": 50, "default": 8},
        "letters": {"type": "integer", "minimum": 2, "maximum": 6, "default": 3, "description": "Letters a piece"},
    },
    "additionalProperties": False,
}

# Rows come in batches of up to this many.
compute_profile = {"resource_type": "cpu", "batch_size": 64}
