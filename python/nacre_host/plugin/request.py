"""The extractor request: what an entry point reads its parameters from (plugin contract 3.5)."""

from dataclasses import dataclass, field

from nacre_host.manifest.manifest import Manifest


@dataclass
class ExtractorConfig:
    """Attributes of `extractor_request.extractor_config`; `parameters` and `params` are one dict."""

    parameters: dict
    params: dict
    input_mappings: dict
    feature_extractor_name: str
    version: str
    field_passthrough: list
    include_all_source_fields: bool


@dataclass
class ExtractorRequest:
    """What the entry point is given; every generation of plugins finds its parameters under its own name."""

    extractor_config: ExtractorConfig
    parameters: dict
    params: dict
    feature_extractor_name: str
    version: str
    collection_id: str | None = None
    namespace_id: str | None = None
    extra: dict = field(default_factory=dict)


def merge_parameters(enabled: dict, given: dict, manifest: Manifest) -> tuple[dict, list[str]]:
    """Parameters of the enabling, overlaid by the collection's; schema defaults are the plugin's own to apply.

    `extractor_type`, which clients add, is taken out unless the plugin's schema has it. Where it names another
    extractor the client has put that one's parameters in place, so only names of the plugin's schema are kept.
    """
    merged = {**enabled, **given}
    known = (manifest.parameter_schema or {}).get("properties", {})
    if "extractor_type" not in merged or "extractor_type" in known:
        return merged, []
    named = merged.pop("extractor_type")
    foreign = sorted(key for key in merged if key not in known)
    if named in (None, manifest.name, manifest.extractor_id) or not foreign or not known:
        return merged, []
    warning = (
        f"parameters of {named} were ignored: {', '.join(foreign)}; "
        f'send extractor_type: "{manifest.name}" or plain HTTP'
    )
    return {key: value for key, value in merged.items() if key in known}, [warning]


def make_request(manifest: Manifest, parameters: dict, request: dict) -> ExtractorRequest:
    """`request`: the server's words about the run: namespace_id, collection_id, input_mappings and others."""
    config = ExtractorConfig(
        parameters=parameters,
        params=parameters,
        input_mappings=request.get("input_mappings") or {},
        feature_extractor_name=manifest.name,
        version=manifest.version,
        field_passthrough=request.get("field_passthrough") or [],
        include_all_source_fields=bool(request.get("include_all_source_fields", False)),
    )
    return ExtractorRequest(
        extractor_config=config,
        parameters=parameters,
        params=parameters,
        feature_extractor_name=manifest.name,
        version=manifest.version,
        collection_id=request.get("collection_id"),
        namespace_id=request.get("namespace_id"),
    )
