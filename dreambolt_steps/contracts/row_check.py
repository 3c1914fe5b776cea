"""Checks every value of a table against its contract, as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.contracts.breaks import BreakLog, RuleTally, show_values
from dreambolt_steps.contracts.rules import ValueRule
from dreambolt_steps.errors import ContractError

Freeze = Callable[[RuleTally], ContractError]


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Attributes:
        rows: handed on.
        rows_lost: a line for each rejected row, naming the first promise it broke.
        values_lost: a line for each value that was put to NULL in a row handed on.
        tallies: for each rule how often it was broken, also where nothing was discarded.
    """

    rows: int
    rows_lost: BreakLog
    values_lost: BreakLog
    tallies: tuple[RuleTally, ...]

    @property
    def rejected(self) -> pa.Table:
        """`rows_lost` in memory, by row (BREAK_SCHEMA)."""
        return self.rows_lost.build()

    @property
    def discarded(self) -> pa.Table:
        """`values_lost` in memory, by row (BREAK_SCHEMA)."""
        return self.values_lost.build()


class CheckedRows:
    """The rows of a table being checked, batch by batch.

    Attributes:
        reader: the stream of what keeps the rules; to be read once.
    """

    def __init__(
        self, reader: pa.RecordBatchReader, rules: Sequence[ValueRule], freeze: Freeze
    ) -> None:
        """Nothing is read yet. `freeze` makes the error of a rule whose mode is freeze."""
        self._source = reader
        self._rules = [
            (rule, RuleTally(rule.column, rule.reason, rule.mode, rule.dimension)) for rule in rules
        ]
        self._freeze = freeze
        self._rejected, self._discarded = BreakLog(), BreakLog()
        self._seen = self._rows = 0
        self.reader = pa.RecordBatchReader.from_batches(reader.schema, self._iterate())

    def report(self) -> CheckReport:
        """What was found; complete once the reader is exhausted."""
        return CheckReport(
            self._rows,
            self._rejected,
            self._discarded,
            tuple(tally for _, tally in self._rules),
        )

    def _iterate(self) -> Iterator[pa.RecordBatch]:
        for batch in self._source:
            kept = self._check(batch)
            self._seen += batch.num_rows
            self._rows += kept.num_rows
            yield kept

    def _check(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = list(batch.columns)
        keep: np.ndarray | None = None
        discarded: list[tuple[np.ndarray, str | None, pa.Array, str]] = []
        for rule, tally in self._rules:
            values = columns[rule.index or 0]
            good = rule.check(values)
            if good.false_count == 0:
                continue
            found = np.flatnonzero(~pc.fill_null(good, True).to_numpy(zero_copy_only=False))
            shown = show_values(values.take(pa.array(found)))
            if rule.index is None:
                shown = pa.nulls(len(found), pa.string())
            tally.include(shown, found + self._seen)
            if rule.mode == "freeze":
                raise self._freeze(tally)
            if rule.mode == "discard_value" and rule.index is not None:
                columns[rule.index] = pc.if_else(pc.fill_null(good, True), values, None)
                discarded.append((found, rule.column, shown, rule.reason))
            elif rule.mode == "discard_row":
                keep = np.ones(batch.num_rows, bool) if keep is None else keep
                new = keep[found]
                self._rejected.add(
                    found[new] + self._seen, rule.column, shown.filter(pa.array(new)), rule.reason
                )
                keep[found] = False
        for found, column, shown, reason in discarded:
            # of rows that are handed on, that is; the others are rejected whole
            stays = np.ones(len(found), bool) if keep is None else keep[found]
            self._discarded.add(
                found[stays] + self._seen, column, shown.filter(pa.array(stays)), reason
            )
        if discarded:
            batch = pa.RecordBatch.from_arrays(columns, schema=batch.schema)
        return batch if keep is None else batch.filter(pa.array(keep))
