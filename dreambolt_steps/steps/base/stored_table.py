"""What a step has stored, read and changed once more before the step ends."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.steps.base.table_step import TABLE_FILE, TableStep
from dreambolt_steps.tables.arrow_stream import open_stream

UNCHANGED_FILE = ".unchanged.arrow"


def open_stored(step: TableStep, stored: Dataset) -> pa.RecordBatchReader:
    """A stream over what `step.store` has stored."""
    if step.folder is None:
        return stored.data.table.to_reader()
    return open_stream(step.folder / TABLE_FILE)


def rewrite_stored(
    step: TableStep, stored: Dataset, change: Callable[[pa.RecordBatchReader], pa.RecordBatchReader]
) -> Dataset:
    """Store what `change` makes of a stored table, in its place."""
    if step.folder is None:
        return step.store(change(open_stored(step, stored)))
    aside = step.folder / UNCHANGED_FILE
    (step.folder / TABLE_FILE).replace(aside)
    changed = step.store(change(open_stream(aside)))
    aside.unlink()
    return changed
