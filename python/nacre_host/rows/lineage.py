"""Which input row an output row came from (plugin contract 4.4)."""

import pandas as pd

from nacre_host.rows.frame import frame_of
from nacre_host.rows.input_row import Lineage

KEYS = ("object_id", "document_id")


def lineages(frame: pd.DataFrame) -> list[Lineage | None]:
    """The lineage of each row; None for a row without one."""
    if any(name not in frame.columns for name in KEYS):
        return [None] * len(frame)
    return [
        (one, other) if isinstance(one, str) and isinstance(other, str) else None
        for one, other in zip(frame[KEYS[0]], frame[KEYS[1]])
    ]


def place(output: pd.DataFrame, source: pd.DataFrame, inputs: list[str]) -> pd.DataFrame | None:
    """The output with every row's lineage in place; None where it is lost and only single rows can tell.

    Lost lineage of as many rows as went in is put back by position. Columns of the input that the plugin left out
    come back from each row's source.
    """
    known = {lineage: position for position, lineage in enumerate(lineages(source))}
    sources = [known.get(lineage) for lineage in lineages(output)]
    if None in sources:
        if len(output) != len(source):
            return None
        sources = list(range(len(source)))
    return adopt(output, source, sources, inputs)


def adopt(output: pd.DataFrame, source: pd.DataFrame, sources: list[int], inputs: list[str]) -> pd.DataFrame:
    """The output with the lineage, and the missing input columns, of the source rows at these positions."""
    columns = {name: output[name].tolist() for name in output.columns}
    for name in [*inputs, *KEYS]:
        if name in source.columns and (name in KEYS or name not in columns):
            values = source[name].tolist()
            columns[name] = [values[position] for position in sources]
    return frame_of(columns)
