"""A manifest, read and made right."""

from dataclasses import dataclass, field

from nacre_host.manifest.features import Vector
from nacre_host.manifest.keys import DISPLAY_KEYS
from nacre_host.manifest.profile import default_batch_size
from nacre_host.manifest.schemas import output_fields
from nacre_host.manifest.versions import feature_uri_of, plugin_id_of


@dataclass
class Manifest:
    """What the host and the server need of a manifest; `version` is X.Y.Z, schemas are JSON schemas or None."""

    name: str = ""
    version: str = ""
    description: str = ""
    vectors: list[Vector] = field(default_factory=list)
    payload_features: list[dict] = field(default_factory=list)
    dependencies: list[str] = field(default_factory=list)
    compute_profile: dict = field(default_factory=dict)
    serve_config: dict | None = None
    feature_uri: str | None = None
    input_schema: dict | None = None
    output_schema: dict | None = None
    parameter_schema: dict | None = None
    supported_input_types: list[str] = field(default_factory=list)
    input_mappings: dict = field(default_factory=dict)
    position_fields: list[str] = field(default_factory=list)
    display: dict = field(default_factory=dict)

    @property
    def extractor_id(self) -> str:
        return plugin_id_of(self.name, self.version)

    @property
    def declared_outputs(self) -> dict[str, dict]:
        return output_fields(self.output_schema)

    def uri_of(self, vector: Vector) -> str:
        return feature_uri_of(self.name, self.version, vector.feature_name)

    def as_json(self) -> dict:
        """The manifest as the server keeps it."""
        profile = dict(self.compute_profile)
        if profile and profile.get("batch_size") is None:
            profile["batch_size"] = default_batch_size(profile["resource_type"])
        return {
            "name": self.name,
            "version": self.version,
            "plugin_id": self.extractor_id,
            "description": self.description,
            "features": [{**vector.as_json(), "feature_uri": self.uri_of(vector)} for vector in self.vectors],
            "payload_features": self.payload_features,
            "dependencies": self.dependencies,
            "compute_profile": profile,
            "serve_config": self.serve_config,
            "feature_uri": self.feature_uri,
            "input_schema": self.input_schema,
            "output_schema": self.output_schema,
            "output_fields": self.declared_outputs,
            "parameter_schema": self.parameter_schema,
            "supported_input_types": self.supported_input_types,
            "input_mappings": self.input_mappings,
            "position_fields": self.position_fields,
            **{key: self.display.get(key) for key in DISPLAY_KEYS},
        }
