"""Real and synthetic rows of one table, drawn apart: what is compared, and what is held back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.errors import UsageError

OpenReader = Callable[[], pa.RecordBatchReader]


@dataclass(frozen=True)
class Samples:
    """What is compared.

    Attributes:
        reference: real rows.
        holdout: other real rows, as many as there are synthetic ones (at most half of all).
        synthetic: made rows.
        real_rows, synthetic_rows: of the whole table.
    """

    reference: pa.Table
    holdout: pa.Table
    synthetic: pa.Table
    real_rows: int
    synthetic_rows: int

    def select(self, names: Sequence[str]) -> Samples:
        """Only some columns."""
        parts = [part.select(names) for part in (self.reference, self.holdout, self.synthetic)]
        return replace(self, reference=parts[0], holdout=parts[1], synthetic=parts[2])


def draw_samples(open_reader: OpenReader, flag: str, most: int, seed: int) -> Samples:
    """Draw the rows to compare, in two passes over a table of any size.

    Args:
        open_reader: gives a new stream over the table.
        flag: the column that says which rows are synthetic; NULL counts as real.
        most: rows of each kind at most.
        seed: the same one draws the same rows.

    Raises: UsageError: there is no such column, or too few rows of a kind.
    """
    schema = open_reader().schema
    if flag not in schema.names or not pa.types.is_boolean(schema.field(flag).type):
        raise UsageError(
            f"no boolean column {flag} that says which rows are synthetic; SynthesizeRows adds "
            "_synthetic, another one is named by the arg flag"
        )
    flags = np.concatenate([_read_flags(batch, flag) for batch in open_reader()] or [np.zeros(0)])
    made, real = np.flatnonzero(flags), np.flatnonzero(flags == 0)
    if not len(made) or len(real) < 2:
        raise UsageError(
            f"{len(made):,} synthetic and {len(real):,} real rows: there is nothing to compare"
        )
    random = np.random.default_rng(seed)
    made_drawn = np.sort(random.permutation(made)[:most])
    real_drawn = random.permutation(real)[:most]
    held = min(len(made_drawn), len(real_drawn) // 2)
    wanted = (np.sort(real_drawn[held:]), np.sort(real_drawn[:held]), made_drawn)
    reference, holdout, synthetic = _take(open_reader, wanted)
    return Samples(reference, holdout, synthetic, len(real), len(made))


def open_real(open_reader: OpenReader, flag: str) -> pa.RecordBatchReader:
    """A stream over the real rows alone."""
    reader = open_reader()

    def iterate() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            yield batch.filter(pa.array(~_read_flags(batch, flag)))

    return pa.RecordBatchReader.from_batches(reader.schema, iterate())


def _read_flags(batch: pa.RecordBatch, flag: str) -> np.ndarray:
    return pc.fill_null(batch.column(flag), False).to_numpy(zero_copy_only=False).astype(bool)


def _take(open_reader: OpenReader, wanted: Sequence[np.ndarray]) -> list[pa.Table]:
    reader = open_reader()
    parts: list[list[pa.RecordBatch]] = [[] for _ in wanted]
    start = 0
    for batch in reader:
        end = start + batch.num_rows
        for part, rows in zip(parts, wanted, strict=True):
            low, high = np.searchsorted(rows, (start, end))
            if high > low:
                part.append(batch.take(pa.array(rows[low:high] - start)))
        start = end
    return [pa.Table.from_batches(part, schema=reader.schema).combine_chunks() for part in parts]
