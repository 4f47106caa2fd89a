"""Rows through a pipeline: batches first, single rows where a batch fails (plugin contract 3.3, 4.4, 4.5)."""

from dataclasses import dataclass, field

import pandas as pd

from nacre_host.logs import current_object, current_step
from nacre_host.manifest.profile import default_batch_size
from nacre_host.plugin.dataset import Dataset, as_frame
from nacre_host.plugin.entry import Pipeline
from nacre_host.plugin.step import Step
from nacre_host.rows.frame import join, split, take, to_objects
from nacre_host.rows.input_row import Lineage
from nacre_host.rows.lineage import KEYS, adopt, lineages, place
from nacre_host.rows.step_fault import Failed, check_output, step_failure


@dataclass
class Run:
    """One run of a pipeline over a frame; what became of rows that are no longer in the frame stands here."""

    folder: str
    profile: dict
    inputs: list[str]
    failed: dict[Lineage, Failed] = field(default_factory=dict)
    filtered: set[Lineage] = field(default_factory=set)
    # Rows that some step was for, and steps that some row was for.
    touched: set[Lineage] = field(default_factory=set)
    idle_steps: list[str] = field(default_factory=list)

    def through(self, pipeline: Pipeline, frame: pd.DataFrame) -> pd.DataFrame:
        """The final frame. Rows of one input row are dropped together as soon as one of them fails."""
        if pipeline.prepare:
            frame = self._prepare(pipeline, frame)
        for step in pipeline.steps:
            frame = self._step(step, frame)
        return frame

    def _prepare(self, pipeline: Pipeline, frame: pd.DataFrame) -> pd.DataFrame:
        before = set(lineages(frame))
        step = Step(-1, "prepare", lambda batch: as_frame(pipeline.prepare(Dataset(batch)), batch))
        result = self._batch("prepare", step, frame)
        self.filtered = before - set(lineages(result)) - set(self.failed)
        return result

    def _step(self, step: Step, frame: pd.DataFrame) -> pd.DataFrame:
        matching, rest = split(frame, step.condition)
        if len(frame) > 0 and len(matching) == 0:
            self.idle_steps.append(step.title)
        self.touched.update(lineages(matching))
        size = step.batch_size or self.profile.get("batch_size")
        size = size or default_batch_size(step.resource or self.profile.get("resource_type", "cpu"))
        starts = range(0, len(matching), size)
        batches = [take(matching, range(start, min(start + size, len(matching)))) for start in starts]
        outputs = [self._batch(step.title, step, batch) for batch in batches]
        return self._without_failed(join([*outputs, rest]))

    def _batch(self, title: str, step: Step, batch: pd.DataFrame) -> pd.DataFrame:
        output = self._call(title, step, batch, is_last_try=len(batch) == 1)
        if output is not None:
            placed = place(output, batch, self.inputs)
            if placed is not None:
                return placed
        single = [take(batch, [position]) for position in range(len(batch))]
        return join([self._single(title, step, row) for row in single])

    def _single(self, title: str, step: Step, row: pd.DataFrame) -> pd.DataFrame:
        (lineage,) = lineages(row)
        if lineage in self.failed:
            return row.iloc[:0]
        token = current_object.set(lineage[0])
        try:
            output = self._call(title, step, row, is_last_try=True)
        finally:
            current_object.reset(token)
        return adopt(output, row, [0] * len(output), self.inputs)

    def _call(self, title: str, step: Step, batch: pd.DataFrame, is_last_try: bool) -> pd.DataFrame | None:
        """The step's output; None where single rows are to be tried. What fails for good is noted, and gives no rows."""
        token = current_step.set(title)
        try:
            return to_objects(check_output(title, step.call(batch.copy())))
        except (Exception, SystemExit) as error:
            failed = step_failure(title, error, batch, self.folder)
            if not is_last_try and failed.type != "validation":
                return None
            self.failed.update({lineage: failed for lineage in lineages(batch)})
            return batch.iloc[:0]
        finally:
            current_step.reset(token)

    def _without_failed(self, frame: pd.DataFrame) -> pd.DataFrame:
        if not self.failed or any(name not in frame.columns for name in KEYS):
            return frame
        kept = [position for position, lineage in enumerate(lineages(frame)) if lineage not in self.failed]
        return take(frame, kept)
