"""The keys of a manifest, in the spellings that exist (plugin contract 2.2 to 2.4)."""

TOP_KEYS = (
    "feature_extractor_name",
    "version",
    "description",
    "category",
    "icon",
    "author",
    "dependencies",
    "features",
    "required_vector_indexes",
    "feature_uri",
    "input_schema",
    "output_schema",
    "parameter_schema",
    "supported_input_types",
    "input_mappings",
    "compute_profile",
    "serve_config",
    "tier",
    "tier_label",
    "cost_rates",
    "example_input",
    "example_output",
    "position_fields",
    "inference_type",
    "container_image",
)
SCHEMA_KEYS = ("input_schema", "output_schema", "parameter_schema")

# Stored and shown as they are; nothing here acts on them.
DISPLAY_KEYS = (
    "category",
    "icon",
    "author",
    "tier",
    "tier_label",
    "cost_rates",
    "example_input",
    "example_output",
    "inference_type",
    "container_image",
)

# Known, but of no use in a plugin's manifest.
IGNORED_KEYS = frozenset({"name", "metadata", "definition", "extractor_definition"})

# The right key → the other spellings in use, which the hosted original ignores without a word.
FEATURE_KEYS = {
    "feature_type": ("type",),
    "feature_name": ("name",),
    "embedding_dim": ("dimensions", "dimension", "dims", "dim", "size"),
    "distance_metric": ("distance", "metric"),
}
FEATURE_EXTRAS = frozenset({"description", "feature_uri", "indexed"})

FEATURE_TYPES = {"embedding": "embedding", "vector": "embedding", "dense": "embedding"}
DISTANCES = {
    "cosine": "cosine",
    "euclid": "euclid",
    "euclidean": "euclid",
    "l2": "euclid",
    "dot": "dot",
    "manhattan": "manhattan",
}

COMPUTE_DEFAULTS = {
    "resource_type": "cpu",
    "batch_size": None,
    "max_concurrency": 2,
    "actor_memory_gb": 2.0,
    "gpu_memory_gb": None,
}
RESOURCE_TYPES = ("cpu", "gpu", "api")

SERVE_KEYS = (
    "enabled",
    "num_replicas",
    "min_replicas",
    "max_replicas",
    "target_ongoing_requests",
    "num_cpus",
    "num_gpus",
    "memory_gb",
)
