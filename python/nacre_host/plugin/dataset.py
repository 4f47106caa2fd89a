"""What `prepare` is given: a DataFrame with the few methods of a Ray dataset (plugin contract 3.2)."""

from collections.abc import Callable

import pandas as pd


class Dataset:
    """Delegates to the DataFrame whatever it has no method of its own for."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def filter(self, fn: Callable | None = None, **others) -> "Dataset":
        """Rows, given as dicts, that the function is true for."""
        kept = [position for position, row in enumerate(self._rows()) if fn(row)]
        return Dataset(self._frame.iloc[kept].reset_index(drop=True))

    def map(self, fn: Callable, **others) -> "Dataset":
        """Each row, given as a dict, replaced by the dict that the function returns."""
        rows = [fn(row) for row in self._rows()]
        if not rows:
            return self
        names = list(dict.fromkeys(name for row in rows for name in row))
        columns = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in names}
        return Dataset(pd.DataFrame(columns))

    def map_batches(self, fn: Callable, **others) -> "Dataset":
        """The whole frame replaced by the frame that the function returns."""
        return Dataset(as_frame(fn(self._frame.copy()), self._frame))

    def add_column(self, name: str, fn: Callable, **others) -> "Dataset":
        """A column of what the function makes of the frame."""
        frame = self._frame.copy()
        frame[name] = fn(frame)
        return Dataset(frame)

    def repartition(self, *arguments, **others) -> "Dataset":
        return self

    def materialize(self) -> "Dataset":
        return self

    def count(self) -> int:
        return len(self._frame)

    def take_all(self) -> list[dict]:
        return self._rows()

    def to_pandas(self, *arguments, **others) -> pd.DataFrame:
        return self._frame

    def __len__(self) -> int:
        return len(self._frame)

    def __getitem__(self, key: object) -> object:
        found = self._frame[key]
        return Dataset(found) if isinstance(found, pd.DataFrame) else found

    def __setitem__(self, key: object, value: object) -> None:
        self._frame[key] = value

    def __getattr__(self, name: str) -> object:
        return getattr(self._frame, name)

    def _rows(self) -> list[dict]:
        return self._frame.to_dict("records")


def as_frame(result: object, unchanged: pd.DataFrame) -> object:
    """The frame in what `prepare` returned; None means unchanged."""
    if result is None:
        return unchanged
    return result.to_pandas() if isinstance(result, Dataset) else result
