"""Rows of a request → results, through the plugin's pipeline (plugin contract 4)."""

from nacre_host.plugin.loaded import Plugin
from nacre_host.rows.build_frame import build_frame
from nacre_host.rows.input_row import read_rows
from nacre_host.rows.results import results_of
from nacre_host.rows.run import Run
from nacre_host.run_notes import notes


def run_rows(
    plugin: Plugin, rows: object, parameters: dict, dataset_size: int, content_flags: dict
) -> tuple[list[dict], list[str]]:
    """One result for each row, in their order, and warnings. Raises HostError where the pipeline cannot be built."""
    notes.take()
    inputs = read_rows(rows)
    if not inputs:
        return [], []
    pipeline = plugin.pipeline(parameters, dataset_size, content_flags)
    mappings = plugin.request.get("input_mappings") or {}
    frame = build_frame(inputs, plugin.manifest, mappings)
    run = Run(plugin.folder, plugin.manifest.compute_profile, list(frame.columns))
    final = run.through(pipeline, frame)
    results = results_of(inputs, final, run, plugin.manifest, passthrough_targets(plugin.request))
    return results, notes.take()


def passthrough_targets(request: dict) -> list[str]:
    """Names of the fields that passthrough writes: entries are names, or `{source_path, target_path}`."""
    targets = []
    for entry in request.get("field_passthrough") or ():
        name = entry.get("target_path") or entry.get("source_path") if isinstance(entry, dict) else entry
        if isinstance(name, str):
            targets.append(name.removeprefix("metadata."))
    return targets

