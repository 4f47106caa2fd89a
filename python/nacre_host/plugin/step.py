"""One step of a pipeline, whatever the plugin made it of (plugin contract 3.2 to 3.4)."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.plugins.extractors.pipeline import BuiltStep, RowCondition, StepDefinition

from nacre_host.event_loop import settle
from nacre_host.plugin.binding import construct


@dataclass
class Step:
    """`call` takes and returns a frame; `batch_size` None means the plugin's own default, 0 the whole run at once."""

    index: int
    name: str
    call: Callable
    condition: RowCondition = RowCondition.ALWAYS
    batch_size: int | None = None
    resource: str | None = None

    @property
    def title(self) -> str:
        return f"step {self.index} ({self.name})"


def make_step(index: int, made: object) -> Step:
    """A step of a built step, a definition, an instance, a class or a function. Raises TypeError for anything else."""
    if isinstance(made, StepDefinition):
        made = BuiltStep(made)
    if isinstance(made, BuiltStep):
        definition = made.definition
        check_callable(index, definition.service_class)
        resource = definition.resource_type.value if definition.resource_type else None
        return Step(index, made.name, made.process, definition.condition, definition.batch_size, resource)
    if isinstance(made, type):
        check_callable(index, made)
        made = construct(made, None)
    call = check_callable(index, made)
    name = getattr(made, "__name__", type(made).__name__)
    return Step(index, name, lambda batch: settle(call(batch)))


def check_callable(index: int, made: object) -> Callable:
    """What to call with a frame: the object itself, or its `_process_batch`. Raises TypeError where it has neither."""
    cls = made if isinstance(made, type) else type(made)
    if any("__call__" in base.__dict__ for base in cls.__mro__):
        return made
    if hasattr(cls, "_process_batch"):
        return made._process_batch
    raise TypeError(f"step {index} ({cls.__name__}) is not callable: it needs __call__(self, batch)")
