"""Frames: every column holds plain Python objects, so that None stays None on pandas 2 and 3 (plugin contract 4.2)."""

from collections.abc import Iterable, Sequence

import pandas as pd


def frame_of(columns: dict[str, Sequence]) -> pd.DataFrame:
    """A frame of columns of objects; with no columns it has no rows."""
    # A Series each: the constructor would take lists of equal length for a table.
    return pd.DataFrame({name: pd.Series(list(values), dtype=object) for name, values in columns.items()})


def join(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Rows of all frames under the columns of all; None where a frame lacks a column."""
    parts = [frame for frame in frames if len(frame.columns) > 0]
    names = list(dict.fromkeys(name for frame in parts for name in frame.columns))
    return frame_of({name: [value for frame in parts for value in _values(frame, name)] for name in names})


def take(frame: pd.DataFrame, positions: Sequence[int]) -> pd.DataFrame:
    """The rows at these positions, in a copy with a fresh index."""
    return frame.iloc[list(positions)].reset_index(drop=True).copy()


def split(frame: pd.DataFrame, condition) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows that a condition holds for, and the others."""
    mimes, kinds = _values(frame, "mime_type"), _values(frame, "blob_type")
    holds = [condition.holds(mime, kind) for mime, kind in zip(mimes, kinds)]
    matching = [position for position, is_held in enumerate(holds) if is_held]
    rest = [position for position, is_held in enumerate(holds) if not is_held]
    return take(frame, matching), take(frame, rest)


def to_objects(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with columns of objects; a text column's missing values, NaN in pandas 3, are None again."""
    return frame_of({name: _objects(frame[name]) for name in frame.columns})


def _objects(column: pd.Series) -> list:
    values = column.astype(object).tolist()
    if not isinstance(column.dtype, pd.StringDtype):
        return values
    return [None if missing else value for value, missing in zip(values, column.isna())]


def _values(frame: pd.DataFrame, name: str) -> list:
    return frame[name].tolist() if name in frame.columns else [None] * len(frame)
