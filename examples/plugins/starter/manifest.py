"""What the plugin is called and what it makes. The server reads this file without running it."""

feature_extractor_name = "starter"
version = "1.0.0"
description = "Says in a sentence what the plugin does"
supported_input_types = ["text"]

# The vectors of a document. A feature's name is the column that pipeline.py writes.
features = [
    {
        "feature_type": "embedding",
        "feature_name": "starter_embedding",
        "embedding_dim": 64,
        "distance_metric": "cosine",
    },
]

# Everything a document gets: the vectors, and any other field.
output_schema = {
    "starter_embedding": {"type": "array", "items": {"type": "number"}},
    "word_count": {"type": "integer"},
}
