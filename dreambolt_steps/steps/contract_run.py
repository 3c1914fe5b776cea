"""A contract while a step cleans a table: what it asks of the cleaning, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dreambolt_steps.contracts.breaks import RuleTally
from dreambolt_steps.contracts.check import CheckedTable, check_table
from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.contracts.key_check import KeyReport, check_keys, list_key_rules
from dreambolt_steps.contracts.schema_check import SchemaPlan, compare_columns
from dreambolt_steps.errors import ContractError, UsageError
from dreambolt_steps.steps.reference_files import ReferenceFiles
from dreambolt_steps.tables.row_numbers import OpenReader, restore_numbers

_NO_ROWS = np.empty(0, np.int64)


@dataclass
class ContractRun:
    """One check of a table that is being cleaned.

    Attributes:
        contract: of the table.
        references: the files that its columns refer to.
        list_dropped: the 0-based rows of the source that the cleaning has left out so far.
        find_file: the file that a 0-based row of the source came from, if that is known.
        plan: what has to become of the columns; known after `ask`.
    """

    contract: Contract
    references: ReferenceFiles
    list_dropped: Callable[[], np.ndarray] = lambda: _NO_ROWS
    find_file: Callable[[int], str | None] = lambda row: None
    plan: SchemaPlan = field(default_factory=lambda: SchemaPlan({}, {}))
    _checked: CheckedTable | None = None

    def ask(self, names: Sequence[str], args: Mapping[str, Any]) -> dict[str, Any]:
        """What the cleaning is asked for: its own args, with the types of the contract.

        Args:
            names: of the columns, after cleaning.
            args: `types` and `on_mismatch` as they were given.

        Raises:
            ContractError: a column is new or missing where the contract says freeze.
            UsageError: `types` says otherwise than the contract.
        """
        self.plan = compare_columns(self.contract, names)
        given = args.get("types") or {}
        for name, word in self.plan.types.items():
            if given.get(name, word) != word:
                raise UsageError(
                    f"types say {name!r} is {given[name]}, {self.contract.origin} says {word}; "
                    "change one of them"
                )
        reaction = args.get("on_mismatch") or "reject"
        reactions = reaction if isinstance(reaction, Mapping) else {"*": reaction}
        return {
            "types": {**given, **self.plan.types},
            "on_mismatch": {**reactions, **self.plan.on_mismatch},
        }

    def check(self, reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
        """The stream of clean rows that keep the contract, with its columns."""
        self._checked = check_table(reader, self.contract, self.plan, self._freeze)
        return self._checked.reader

    def check_keys(self, open_reader: OpenReader) -> KeyReport | None:
        """What breaks the promises about several rows; None where there are none.

        Args:
            open_reader: opens what `check` gave, as it is stored.
        """
        with open_reader() as reader:
            schema = reader.schema
        rules = list_key_rules(self.contract, schema, self.references.open)
        return check_keys(open_reader, rules, self._freeze_stored) if rules else None

    def find_breaks(self, keys: KeyReport | None) -> tuple[pa.Table, pa.Table]:
        """Rejected rows and discarded values (BREAK_SCHEMA), in rows of the source."""
        found = self._report()
        parts = [(found.rejected, self._to_source), (found.discarded, self._to_source)]
        if keys is not None:
            parts += [
                (keys.found.rejected, self._stored_to_source),
                (keys.found.discarded, self._stored_to_source),
            ]
        told = [_renumber(table, restore) for table, restore in parts]
        return pa.concat_tables(told[0::2]), pa.concat_tables(told[1::2])

    def list_rules(self, keys: KeyReport | None) -> tuple[RuleTally, ...]:
        """How often each promise was broken; first rows are of the source."""
        tallies = [*self._report().tallies]
        for tally in tallies:
            _place(tally, self._to_source)
        for tally in keys.found.tallies if keys is not None else ():
            tallies.append(_place(tally, self._stored_to_source))
        return tuple(tallies)

    @property
    def notes(self) -> list[str]:
        """What a reader wants to know."""
        return self._checked.notes if self._checked is not None else []

    def _report(self) -> Any:
        if self._checked is None:
            raise RuntimeError("nothing was checked yet")
        return self._checked.report()

    def _to_source(self, rows: np.ndarray) -> np.ndarray:
        return restore_numbers(rows, self.list_dropped())

    def _stored_to_source(self, rows: np.ndarray) -> np.ndarray:
        dropped = np.unique(self._report().rejected["row"].to_numpy())
        return self._to_source(restore_numbers(rows, dropped))

    def _freeze(self, tally: RuleTally) -> ContractError:
        return self.complain(_place(tally, self._to_source))

    def _freeze_stored(self, tally: RuleTally) -> ContractError:
        return self.complain(_place(tally, self._stored_to_source))

    def complain(self, tally: RuleTally) -> ContractError:
        """The error for the first break of a promise whose mode is freeze."""
        row = tally.first_row or 0
        file = self.find_file(row)
        place = [f"row {row + 1}"] + ([f"from {Path(file).name}"] if file else [])
        column = f"column {tally.column!r}, " if tally.column else ""
        value = f": {tally.first_value!r}" if tally.first_value is not None else ""
        return ContractError(
            f"{self.contract.origin} freezes this: {column}{' '.join(place)}{value} is "
            f"{tally.reason}; correct the source, or change the contract's mode",
            file=file,
            row=row + 1,
            column=tally.column,
            value=tally.first_value,
        )


def _renumber(table: pa.Table, restore: Callable[[np.ndarray], np.ndarray]) -> pa.Table:
    rows = restore(table["row"].to_numpy())
    return table.set_column(0, "row", pa.array(rows, pa.int64()))


def _place(tally: RuleTally, restore: Callable[[np.ndarray], np.ndarray]) -> RuleTally:
    if tally.first_row is not None:
        tally.first_row = int(restore(np.array([tally.first_row]))[0])
    return tally
