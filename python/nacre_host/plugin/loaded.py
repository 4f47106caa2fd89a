"""A loaded plugin: its manifest, its pipelines, its service; what `run`, `probe` and `realtime` work on."""

import json
from collections import OrderedDict
from dataclasses import dataclass, field

from nacre_host.failure import HostError, place_of, sentence_of
from nacre_host.inspect_plugin import read_manifest_file
from nacre_host.manifest.executed import executed_manifest
from nacre_host.manifest.manifest import Manifest
from nacre_host.manifest.notes import Notes
from nacre_host.plugin.container import Container
from nacre_host.plugin.entry import ENTRY_NAMES, Entry, Pipeline, build_pipeline, find_entry
from nacre_host.plugin.models import offer_models
from nacre_host.plugin.package import Package
from nacre_host.plugin.parameters import validation_sentences
from nacre_host.plugin.request import make_request, merge_parameters
from nacre_host.realtime.find_service import find_service

PIPELINES_KEPT_MAX = 8


@dataclass
class Plugin:
    """`params` are those of the enabling, `parameters` the collection's, `request` the server's words about the run."""

    package: Package
    manifest: Manifest
    entry: Entry | None
    service: object | None
    container: Container
    params: dict = field(default_factory=dict)
    parameters: dict = field(default_factory=dict)
    request: dict = field(default_factory=dict)
    _pipelines: "OrderedDict[str, Pipeline]" = field(default_factory=OrderedDict)

    @property
    def folder(self) -> str:
        return self.package.folder

    def merged_parameters(self, parameters: dict | None) -> tuple[dict, list[str]]:
        """Parameters as the plugin reads them, and warnings about names that are another extractor's."""
        given = self.parameters if parameters is None else parameters
        return merge_parameters(self.params, given, self.manifest)

    def pipeline(self, parameters: dict, dataset_size: int, content_flags: dict) -> Pipeline:
        """The pipeline for these parameters and this request; built once, and kept with its processors while it is used.

        Raises HostError: kind parameters for parameters that the plugin's own model refuses, else plugin.
        """
        key = json.dumps([parameters, self.request], sort_keys=True, default=str)
        if key in self._pipelines:
            self._pipelines.move_to_end(key)
            return self._pipelines[key]
        pipeline = self._build(parameters, dataset_size, content_flags)
        self._pipelines[key] = pipeline
        while len(self._pipelines) > PIPELINES_KEPT_MAX:
            self._pipelines.popitem(last=False)
        return pipeline

    def _build(self, parameters: dict, dataset_size: int, content_flags: dict) -> Pipeline:
        if self.entry is None:
            raise HostError("not_loaded", no_entry())
        offered = {
            "extractor_request": make_request(self.manifest, parameters, self.request),
            "container": self.container,
            "dataset_size": dataset_size,
            "content_flags": content_flags,
        }
        try:
            return build_pipeline(self.entry, offered)
        except (Exception, SystemExit) as error:
            faults = validation_sentences(error)
            place = place_of(error, self.folder)
            if faults:
                raise HostError("parameters", "; ".join(faults), place) from error
            raise HostError("plugin", f"{self.entry.name}: {sentence_of(error, self.folder)}", place) from error


def load_plugin(request: dict) -> tuple[Plugin, Notes]:
    """Imports and runs a plugin's modules; what fails is noted, so that every stage is told at once."""
    notes = Notes()
    package = Package(request["folder"])
    for warning in package.warnings:
        notes.warn(warning)
    manifest = _load_manifest(package, request.get("uploaded") or {}, notes)
    entry = _load_entry(package, notes)
    offer_models(request.get("models") or {})
    container = Container(request.get("secrets") or {}, request.get("models") or {})
    service = _load_service(package, notes)
    if manifest.feature_uri and not package.has("realtime"):
        notes.warn("feature_uri without realtime.py: query vectors come from the pipeline, one row a query")
    plugin = Plugin(
        package,
        manifest,
        entry,
        service,
        container,
        params=request.get("params") or {},
        parameters=request.get("parameters") or {},
        request=request.get("request") or {},
    )
    return plugin, notes


def no_entry() -> str:
    return f"pipeline.py defines none of {', '.join(ENTRY_NAMES)}"


def _load_manifest(package: Package, uploaded: dict, notes: Notes) -> Manifest:
    reading = read_manifest_file(package.folder, notes)
    if notes.errors:
        return Manifest()
    try:
        module = package.load("manifest")
    except (Exception, SystemExit) as error:
        notes.error(_import_fault("manifest.py", error, package.folder))
        return Manifest()
    return executed_manifest(module, reading, uploaded, notes)


def _load_entry(package: Package, notes: Notes) -> Entry | None:
    try:
        entry = find_entry(package.load("pipeline"))
    except (Exception, SystemExit) as error:
        notes.error(_import_fault("pipeline.py", error, package.folder))
        return None
    if entry is None:
        notes.error(no_entry())
    return entry


def _load_service(package: Package, notes: Notes) -> object | None:
    if not package.has("realtime"):
        return None
    try:
        return find_service(package.load("realtime"))
    except (Exception, SystemExit) as error:
        notes.error(_import_fault("realtime.py", error, package.folder))
        return None


def _import_fault(file: str, error: BaseException, folder: str) -> str:
    place = place_of(error, folder)
    where = f"{place.file}:{place.line}:{place.column or 0}" if place.file else file
    return f"{where}: {file} cannot be imported: {sentence_of(error, folder)}"
