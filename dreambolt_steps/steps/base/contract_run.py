"""A contract while a step cleans a table: what it asks of the cleaning, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.contracts.breaks import RuleTally
from dreambolt_steps.contracts.check import check_table
from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.contracts.key_check import check_keys, list_key_rules
from dreambolt_steps.contracts.reject_rows import LOST_SCHEMA
from dreambolt_steps.contracts.row_check import CheckReport
from dreambolt_steps.contracts.schema_check import SchemaPlan, compare_columns
from dreambolt_steps.errors import ContractError, MismatchError, UsageError
from dreambolt_steps.steps.base.reference_files import ReferenceFiles
from dreambolt_steps.steps.base.stored_table import open_stored, rewrite_stored
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.tables.clean import CleanedTable
from dreambolt_steps.tables.rejects.row_numbers import leave_out, restore_numbers
from dreambolt_steps.tables.table_spool import TableSpool

Restore = Callable[[np.ndarray], np.ndarray]


class ContractRun:
    """One check of a table that is being cleaned.

    Attributes:
        contract: of the table.
        rules: how often each promise was broken, with the 0-based row of the source where it was
            first.
        notes: what a reader wants to know.
        lost: rows and values that were discarded (LOST_SCHEMA), in 0-based rows of the source.
    """

    def __init__(
        self,
        contract: Contract,
        references: ReferenceFiles,
        find_file: Callable[[int], str | None],
    ) -> None:
        """Nothing is checked yet.

        Args:
            contract: of the table.
            references: the files that its columns refer to.
            find_file: the file that a 0-based row of the source came from, if that is known.
        """
        self.contract = contract
        self.rules: list[RuleTally] = []
        self.notes: list[str] = []
        self.rewrote = False
        self.lost = TableSpool(LOST_SCHEMA)
        self._references = references
        self._find_file = find_file
        self._plan = SchemaPlan({}, {})

    def ask(self, names: Sequence[str], args: Mapping[str, Any]) -> dict[str, Any]:
        """What the cleaning is asked for: its own args, with the types of the contract.

        Args:
            names: of the columns, after cleaning.
            args: `types` and `on_mismatch` as they were given.

        Raises:
            ContractError: a column is new or missing where the contract says freeze.
            UsageError: `types` says otherwise than the contract.
        """
        self._plan = compare_columns(self.contract, names)
        given = args.get("types") or {}
        for name, word in self._plan.types.items():
            if given.get(name, word) != word:
                raise UsageError(
                    f"types say {name!r} is {given[name]}, {self.contract.origin} says {word}; "
                    "change one of them"
                )
        reaction = args.get("on_mismatch") or "reject"
        reactions = reaction if isinstance(reaction, Mapping) else {"*": reaction}
        return {
            "types": {**given, **self._plan.types},
            "on_mismatch": {**reactions, **self._plan.on_mismatch},
        }

    def enforce(
        self,
        step: TableStep,
        cleaned: CleanedTable,
        watch: Callable[[pa.RecordBatchReader], pa.RecordBatchReader],
    ) -> Dataset:
        """Store what keeps the contract.

        Args:
            step: that stores it.
            cleaned: the table as `ask` wanted it.
            watch: passes on what is stored; not what is stored anew once keys were looked up
                (`rewrote`).

        Returns: the stored table.
        Raises: ContractError: a promise is broken whose mode is freeze.
        """

        def to_source(rows: np.ndarray) -> np.ndarray:
            return restore_numbers(rows, cleaned.list_dropped())

        checked = check_table(
            cleaned.reader, self.contract, self._plan, lambda tally: self._fail(tally, to_source)
        )
        try:
            stored = step.store(watch(checked.reader), step.table.num_rows)
        except MismatchError as error:
            broken = RuleTally(error.column, "not of the contract's type", "freeze", "validity")
            broken.first_row, broken.first_value = error.row - 1, error.value
            raise self._fail(broken, lambda rows: rows) from error
        self.notes = checked.notes
        found = checked.report()
        self._include(found, to_source)
        return self._enforce_keys(step, stored, found, to_source)

    def count_dropped(self) -> int:
        """Values in columns that were dropped: they are counted, and kept nowhere."""
        return sum(tally.breaks for tally in self.rules if tally.column in self._plan.drop)

    def _enforce_keys(
        self, step: TableStep, stored: Dataset, found: CheckReport, to_source: Restore
    ) -> Dataset:
        dropped = found.rows_lost.list_rows()

        def stored_to_source(rows: np.ndarray) -> np.ndarray:
            return to_source(restore_numbers(rows, dropped))

        with open_stored(step, stored) as reader:
            schema = reader.schema
        rules = list_key_rules(self.contract, schema, self._references.open)
        if not rules:
            return stored
        keys = check_keys(
            lambda: open_stored(step, stored),
            rules,
            lambda tally: self._fail(tally, stored_to_source),
        )
        self._include(keys.found, stored_to_source)
        if not len(keys.drops) and not keys.nulls:
            return stored
        self.rewrote = True
        return rewrite_stored(
            step, stored, lambda reader: leave_out(reader, keys.drops, keys.nulls)
        )

    def _include(self, found: CheckReport, restore: Restore) -> None:
        for log, kept in ((found.rows_lost, False), (found.values_lost, True)):
            for batch in log.spool.iterate_batches():
                rows = pa.array(restore(batch.column("row").to_numpy()), pa.int64())
                flags = pa.repeat(pa.scalar(kept), batch.num_rows)
                columns = [rows, *batch.columns[1:], flags]
                self.lost.add(pa.RecordBatch.from_arrays(columns, schema=LOST_SCHEMA))
        for tally in found.tallies:
            if tally.first_row is not None:
                tally.first_row = int(restore(np.array([tally.first_row]))[0])
            self.rules.append(tally)

    def _fail(self, tally: RuleTally, restore: Restore) -> ContractError:
        """The error for the first break of a promise whose mode is freeze."""
        row = int(restore(np.array([tally.first_row or 0]))[0])
        file = self._find_file(row)
        column = f"column {tally.column!r}, " if tally.column else ""
        place = f"row {row + 1}" + (f" (from {Path(file).name})" if file else "")
        value = f"{tally.first_value!r} is " if tally.first_value is not None else ""
        return ContractError(
            f"{self.contract.origin} freezes this: {column}{place}: {value}{tally.reason}; "
            "correct the source, or change the mode in the contract",
            file=file,
            row=row + 1,
            column=tally.column,
            value=tally.first_value,
        )
