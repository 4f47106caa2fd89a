"""The text embedding service under the name of older plugins."""

from nacre_host.plugin.services import service_class

E5TextEmbeddingBatch = service_class("intfloat/multilingual-e5-large-instruct")
