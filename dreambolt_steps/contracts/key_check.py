"""Checks what one row alone can't show: values that repeat, and values not found elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.contracts.breaks import BreakLog, RuleTally, join_values
from dreambolt_steps.contracts.contract import Contract, Dimension, Mode, Reference
from dreambolt_steps.contracts.reference_check import find_orphans
from dreambolt_steps.contracts.row_check import CheckReport, Freeze
from dreambolt_steps.tables.duplicates import find_repeats
from dreambolt_steps.tables.rejects.row_numbers import (
    OpenReader,
    iterate_rows,
    leave_out,
    restore_numbers,
)

OpenReference = Callable[[Reference], pa.RecordBatchReader]


@dataclass(frozen=True)
class KeyRule:
    """One promise about several rows, or about another table.

    Attributes:
        columns: whose values are looked at together.
        reason: what is wrong with a row that breaks it, in words.
        mode: what happens then.
        dimension: of quality, in which it counts.
        find: opens a table, returns the 0-based numbers of the rows that break it.
    """

    columns: tuple[str, ...]
    reason: str
    mode: Mode
    dimension: Dimension
    find: Callable[[OpenReader], np.ndarray]


@dataclass(frozen=True)
class KeyReport:
    """What a check of keys found, in numbers of the table's rows.

    Attributes:
        drops: rows to leave out, ascending.
        nulls: column -> rows whose value is put to NULL, ascending.
        found: the same in words, to be told.
    """

    drops: np.ndarray
    nulls: dict[str, np.ndarray]
    found: CheckReport


def list_key_rules(
    contract: Contract, schema: pa.Schema, open_reference: OpenReference
) -> list[KeyRule]:
    """List the rules about references and uniqueness that hold for a table's columns."""
    rules = []
    for column in contract.columns:
        reference = column.references
        if reference is not None and column.name in schema.names:
            reason = f"not found in {reference.file}, column {reference.column}"
            mode = _choose_mode(column.modes.rows, column.nullable)
            find = partial(_search_orphans, column.name, reference, open_reference)
            rules.append(KeyRule((column.name,), reason, mode, "consistency", find))
    for group in contract.unique:
        if not set(group) <= set(schema.names):
            continue
        mode = _choose_mode(contract.modes.rows, False)
        if len(group) == 1:
            mode = next(
                _choose_mode(column.modes.rows, column.nullable)
                for column in contract.columns
                if column.name == group[0]
            )
        reason = f"repeats an earlier row in {', '.join(group)}"
        rules.append(
            KeyRule(group, reason, mode, "uniqueness", partial(find_repeats, columns=group))
        )
    return rules


def check_keys(open_reader: OpenReader, rules: list[KeyRule], freeze: Freeze) -> KeyReport:
    """Check rules one after the other; a row that one has discarded does not count for the next.

    Args:
        open_reader: opens the table anew; read a few times for each rule.
        rules: of `list_key_rules`.
        freeze: makes the error for the first row that breaks a rule whose mode is freeze.

    Returns: what to leave out (`leave_out` does it), and what to tell.
    """
    drops = np.empty(0, np.int64)
    nulls: dict[str, np.ndarray] = {}
    rejected, discarded, tallies = BreakLog(), BreakLog(), []
    for rule in rules:
        left = _leave_out(open_reader, drops, dict(nulls))
        rows = restore_numbers(rule.find(left), drops)
        tally = RuleTally(", ".join(rule.columns), rule.reason, rule.mode, rule.dimension)
        tallies.append(tally)
        log = {"discard_row": rejected, "discard_value": discarded}.get(rule.mode)
        broken = [drops[:0]]
        for numbers, keys in iterate_rows(open_reader, rows, rule.columns):
            complete = np.ones(len(numbers), bool)
            for column in keys.columns:  # NULL repeats nothing
                complete &= pc.is_valid(column).to_numpy(zero_copy_only=False)
            shown = join_values(keys.filter(pa.array(complete)).columns)
            tally.include(shown, numbers[complete])
            broken.append(numbers[complete])
            if tally.breaks and rule.mode == "freeze":
                raise freeze(tally)
            if log is not None:
                log.add(numbers[complete], tally.column, shown, rule.reason)
        if rule.mode == "discard_row":
            drops = np.union1d(drops, np.concatenate(broken))
        elif rule.mode == "discard_value":
            before = nulls.get(rule.columns[0], drops[:0])
            nulls[rule.columns[0]] = np.union1d(before, np.concatenate(broken))
    return KeyReport(
        drops, nulls, CheckReport(0, rejected, _leave_lost(discarded, drops), tuple(tallies))
    )


def _leave_lost(discarded: BreakLog, drops: np.ndarray) -> BreakLog:
    """Values discarded in rows that are still there."""
    left = BreakLog()
    for batch in discarded.spool.iterate_batches():
        gone = pc.is_in(batch.column("row"), pa.array(drops))
        left.spool.add(batch.filter(pc.invert(gone)))
    return left


def _choose_mode(mode: Mode, nullable: bool) -> Mode:
    return "discard_row" if mode == "discard_value" and not nullable else mode


def _leave_out(
    open_reader: OpenReader, drops: np.ndarray, nulls: dict[str, np.ndarray]
) -> OpenReader:
    return lambda: leave_out(open_reader(), drops, nulls)


def _search_orphans(
    column: str, reference: Reference, open_reference: OpenReference, open_reader: OpenReader
) -> np.ndarray:
    return find_orphans(open_reader, column, open_reference(reference))
