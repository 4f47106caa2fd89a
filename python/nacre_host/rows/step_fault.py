"""What a step did wrong, in words (plugin contract 4.5)."""

import traceback
from dataclasses import dataclass

import pandas as pd

from nacre_host.failure import kind_of, sentence_of


@dataclass(frozen=True)
class Failed:
    """Why a row failed. `type`: dependency, authentication, validation, runtime, network or resource."""

    type: str
    message: str


class StepFault(Exception):
    """A fault that every batch would show: trying again row by row would only repeat it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.failed = Failed("validation", message)


def check_output(title: str, output: object) -> pd.DataFrame:
    """The frame with text column names. Raises StepFault for anything but a frame, and for a column given twice."""
    if not isinstance(output, pd.DataFrame):
        raise StepFault(f"{title} returned {type(output).__name__}, expected a DataFrame")
    names = [str(name) for name in output.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise StepFault(f"{title} returned the column '{twice}' twice")
    return output.set_axis(names, axis=1)


def step_failure(title: str, error: BaseException, batch: pd.DataFrame, folder: str) -> Failed:
    """A step's exception: class, text and last line of the plugin, or the column that is not there."""
    if isinstance(error, StepFault):
        return error.failed
    if is_missing_column(error):
        return Failed("validation", f"{title}: {missing_column(error, batch)}")
    return Failed(kind_of(error), f"{title}: {sentence_of(error, folder)}")


def is_missing_column(error: BaseException) -> bool:
    """True for a KeyError that pandas raised: a plugin's own `d["k"]` keeps its own text."""
    if not isinstance(error, KeyError) or not error.args:
        return False
    *_, (frame, _line) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", "")).startswith("pandas.")


def missing_column(error: KeyError, batch: pd.DataFrame) -> str:
    """The sentence, with the columns there are."""
    key = error.args[0]
    columns = ", ".join(str(name) for name in batch.columns)
    # For a list of columns pandas has put a sentence into the key.
    is_sentence = isinstance(key, str) and ("not in index" in key or "in the [" in key)
    what = key if is_sentence else f"column {key!r} does not exist"
    return f"{what}; columns are {columns}; the content is in 'data'"
