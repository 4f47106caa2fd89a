"""The frame a pipeline begins with: the contract's columns, and aliases of `data` (plugin contract 4.1)."""

import pandas as pd

from nacre_host.manifest.manifest import Manifest
from nacre_host.rows.frame import frame_of
from nacre_host.rows.input_row import COLUMNS, InputRow


def build_frame(rows: list[InputRow], manifest: Manifest, input_mappings: dict) -> pd.DataFrame:
    """One row each; an alias column is None for rows that it is no alias of."""
    names = list(COLUMNS)
    if any("source_document_id" in row.values for row in rows):
        names.append("source_document_id")
    columns = {name: [row.values.get(name) for row in rows] for name in names}
    aliases = [_aliases(row, manifest, input_mappings) for row in rows]
    for name in dict.fromkeys(name for known in aliases for name in known):
        if name not in columns and name not in {vector.feature_name for vector in manifest.vectors}:
            columns[name] = [known.get(name) for known in aliases]
    return frame_of(columns)


def _aliases(row: InputRow, manifest: Manifest, input_mappings: dict) -> dict:
    data = row.values["data"]
    names = [row.values["blob_property"], *manifest.input_mappings, *input_mappings]
    names += (manifest.input_schema or {}).get("properties", {})
    if row.is_binary:
        names.append("source_url")
        if row.values["blob_type"] == "image":
            names.append("image_url")
    elif row.values["blob_type"] == "text":
        # What plugins of the older generations read.
        names.append("text")
    return {**{name: data for name in names if isinstance(name, str) and name}, **row.aliases}
