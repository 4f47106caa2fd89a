"""The entry point: finding it, calling it, and making steps of what it returns (plugin contract 3.1, 3.2)."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from nacre_host.event_loop import settle
from nacre_host.plugin.binding import call_by_name
from nacre_host.plugin.step import Step, make_step

ENTRY_NAMES = ("build_steps", "extract", "extractor_definition")


@dataclass(frozen=True)
class Entry:
    """`name` is one of ENTRY_NAMES."""

    name: str
    function: Callable


@dataclass(frozen=True)
class Pipeline:
    """Steps in their order, and `prepare` where the plugin gives one."""

    steps: list[Step]
    prepare: Callable | None


def find_entry(module: ModuleType) -> Entry | None:
    """`build_steps`, else `extract`, else the function of `extractor_definition`; None where there is none of them."""
    for name in ENTRY_NAMES[:2]:
        if callable(function := getattr(module, name, None)):
            return Entry(name, function)
    definition = getattr(module, ENTRY_NAMES[2], None)
    function = getattr(definition, "extractor_function_path", None)
    return Entry(ENTRY_NAMES[2], function) if callable(function) else None


def build_pipeline(entry: Entry, offered: dict) -> Pipeline:
    """Calls the entry point. Raises what it raises, and TypeError for a result that holds no steps."""
    # `extract` and extractor_definition are called without a container by every other host.
    result = settle(call_by_name(entry.function, {**offered, "base_steps": []}))
    if isinstance(result, dict):
        steps, prepare = result.get("steps"), result.get("prepare")
    elif isinstance(result, (list, tuple)):
        steps, prepare = result, None
    else:
        steps, prepare = getattr(result, "steps", None), getattr(result, "prepare", None)
    if not isinstance(steps, (list, tuple)):
        given = type(result).__name__
        raise TypeError(f'{entry.name} returned {given}, expected {{"steps": [...], "prepare": function}}')
    if not steps:
        raise TypeError(f"{entry.name} returned no steps")
    return Pipeline([make_step(index, step) for index, step in enumerate(steps)], prepare if callable(prepare) else None)
