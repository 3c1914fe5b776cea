"""A cleaned table brought into the shape of its contract, and checked, as one stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from dreambolt_steps.contracts.breaks import RuleTally
from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.contracts.row_check import CheckedRows, CheckReport, Freeze
from dreambolt_steps.contracts.rules import list_rules
from dreambolt_steps.contracts.schema_check import SchemaPlan


class CheckedTable:
    """A table being checked.

    Attributes:
        reader: the stream of what keeps the contract, with its columns; to be read once.
        notes: what a reader wants to know, such as promises that can't be checked.
    """

    def __init__(
        self, reader: pa.RecordBatchReader, contract: Contract, plan: SchemaPlan, freeze: Freeze
    ) -> None:
        """Nothing is read yet."""
        rules, notes = list_rules(contract, plan, reader.schema)
        self.notes = [*plan.notes, *notes]
        self._rows = CheckedRows(reader, rules, freeze)
        self._plan = plan
        reason = "a value in a column that the contract does not name"
        self._dropped = [RuleTally(name, reason, "discard_value", "validity") for name in plan.drop]
        gone = {*plan.drop, *plan.reject_new}
        self._kept = [name for name in reader.schema.names if name not in gone]
        schema = pa.schema([*(reader.schema.field(name) for name in self._kept), *plan.add])
        self.reader = pa.RecordBatchReader.from_batches(schema, self._shape(schema))

    def report(self) -> CheckReport:
        """What was found; complete once the reader is exhausted.

        Values of dropped columns are counted in the tallies, and kept nowhere else.
        """
        report = self._rows.report()
        return replace(report, tallies=(*report.tallies, *self._dropped))

    def _shape(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for batch in self._rows.reader:
            for tally in self._dropped:
                values = batch.column(tally.column)
                tally.breaks += len(values) - values.null_count
            absent = [pa.nulls(batch.num_rows, field.type) for field in self._plan.add]
            kept = [batch.column(name) for name in self._kept]
            yield pa.RecordBatch.from_arrays([*kept, *absent], schema=schema)


def check_table(
    reader: pa.RecordBatchReader, contract: Contract, plan: SchemaPlan, freeze: Freeze
) -> CheckedTable:
    """Check a cleaned table, as a stream: memory holds one batch and what was discarded.

    Args:
        reader: the table, its types as the contract asks for.
        contract: of the table.
        plan: of `compare_columns` for it.
        freeze: makes the error for the first value that breaks a rule whose mode is freeze.

    Returns: a CheckedTable: its `.reader` streams, its `.report()` tells the rest afterwards.

    >>> from dreambolt_steps.contracts.contract_file import read_contract
    >>> from dreambolt_steps.contracts.schema_check import compare_columns
    >>> contract = read_contract({"contract": 1, "columns": {"n": {"type": "int8", "max": 5}}})
    >>> table = pa.table({"n": pa.array([1, 9], pa.int8()), "m": ["x", "y"]})
    >>> plan = compare_columns(contract, table.schema.names)
    >>> checked = check_table(table.to_reader(), contract, plan, print)
    >>> checked.reader.read_all().to_pylist(), checked.report().rejected["row"].to_pylist()
    ([{'n': 1, 'm': 'x'}], [1])
    """
    return CheckedTable(reader, contract, plan, freeze)


__all__ = ["CheckedTable", "check_table"]
