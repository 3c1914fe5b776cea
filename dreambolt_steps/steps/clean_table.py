"""The step that makes a table regular."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path

import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.arguments.clean_table import CleaningArgs, CleanTableArgs
from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.contracts.contract_file import read_contract
from dreambolt_steps.contracts.reject_rows import iterate_break_rejects
from dreambolt_steps.findings.finding import hand_over
from dreambolt_steps.findings.in_decisions import find_in_decisions
from dreambolt_steps.profiling.concurrent import FactsBeside
from dreambolt_steps.profiling.history_facts import gather_facts
from dreambolt_steps.steps.base.contract_run import ContractRun
from dreambolt_steps.steps.base.lineage import find_file, trace_files, trace_has_nulls
from dreambolt_steps.steps.base.profile_step import (
    count_mismatches,
    keeps_profile,
    profile_step,
    remember_profile,
)
from dreambolt_steps.steps.base.reference_files import ReferenceFiles
from dreambolt_steps.steps.base.reject_places import place_rejects
from dreambolt_steps.steps.base.stored_table import open_stored
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.tables.clean import apply_plan, plan_cleaning
from dreambolt_steps.tables.cleaning.choose_columns import choose_columns
from dreambolt_steps.tables.cleaning.masks import identify_key, read_mask_key
from dreambolt_steps.tables.rejects.schema import merge_by_row
from dreambolt_steps.tables.table_spool import TableSpool

_SHOWN_NOTES = 20


class CleanTable(TableStep[CleanTableArgs]):
    """Makes names, blanks, NULLs and types of a table regular.

    Inputs: every column of one upstream table.

    Outputs: the same columns under snake_case names that never collide, text trimmed, N/A and the
    like made NULL (NA and None only among numbers, dates and the like; text keeps them, and the
    report asks), and text typed where every row of the table allows it and no value changes:
    integers of the width they need, decimals, booleans, dates and timestamps. Digits that are codes
    ("007") stay text. Columns that come typed keep their types.

    A row with a value that does not fit a type in `types` is rejected and kept in the step's
    rejects, or what `on_mismatch` says; types that are found never reject a row.

    With a `contract` (docs/contracts.md) the table has the contract's columns and types, and what
    breaks a promise is kept, rejected, put to NULL, or stops the run, as the contract says.

    Text such as "1.234" or "01/02/2024" that has two readings stays text, and the report names the
    argument that settles it. Values of columns in `masks` stand nowhere in what this step leaves;
    the step that loaded them keeps what it read.

    Raises:
        UsageError: an argument names an unknown column, or `types` an unknown type.
        SchemaError: a value does not fit where `on_mismatch` says raise.
        CredentialError: a mask hashes, and DREAMBOLT_MASK_KEY is not set.
        ContractError: a promise is broken where the contract says freeze.

    Example:
        args = {"types": {"shirt_number": "int16", "*": "text"}}
        clean = CleanTable("clean", inputs=columns(raw), args=args)
    """

    version = 2.4  # a guessed century is asked about, thin spaces set thousands apart
    Args = CleanTableArgs

    @cached_property
    def contract(self) -> Contract | None:
        """The contract of the table, read once."""
        source = self.args["contract"]
        return None if source is None else read_contract(source)

    @cached_property
    def references(self) -> ReferenceFiles:
        """The files that the contract refers to."""
        source = self.args["contract"]
        beside = Path() if isinstance(source, Mapping) else Path(source).parent
        return ReferenceFiles(self.contract or Contract(()), beside)

    def identify_content(self) -> object:
        content: list[object] = []
        if self.contract is not None:
            content += [self.contract.content, self.references.identify()]
        if "hash" in (self.args["masks"] or {}).values():
            content.append(identify_key(read_mask_key()))
        if not trace_has_nulls(self.inputs):
            content.append("a source without NULLs")
        return content or None

    def conclude(self) -> None:
        remember_profile(self)

    def run(self) -> Dataset:
        args = {name: self.args[name] for name in CleaningArgs.__annotations__}
        checked = None
        if self.contract is not None:
            checked = ContractRun(self.contract, self.references, self._find_file)
            args |= checked.ask(self._name_columns(), args)
        has_nulls = trace_has_nulls(self.inputs)
        plan = plan_cleaning(self.table.open_reader, **args, has_nulls=has_nulls)
        cleaned = apply_plan(self.table.open_reader(), plan)
        is_profiled = self.args["profile"] and keeps_profile(self)
        with FactsBeside() as beside:
            rows = self.table.num_rows
            watch = partial(beside.watch, rows=rows) if is_profiled else _pass_on
            if checked is not None:
                stored = checked.enforce(self, cleaned, watch)
            else:
                stored = self.store(watch(cleaned.reader), self.table.num_rows)
        facts = beside.facts
        if is_profiled and checked is not None and checked.rewrote:
            facts = gather_facts(open_stored(self, stored), self.table.num_rows)
        rejects = cleaned.report().spooled
        sources = {column.name: column.decision.name for column in plan.columns}
        names = {source: name for name, source in sources.items()}
        self.receipt.report["columns"] = {column.name: column.to_dict() for column in plan.columns}
        self.receipt.notes += [
            f"column {column.name!r}: {column.decision.tell_nulls()}"
            for column in plan.columns
            if column.decision.null_words
        ][:_SHOWN_NOTES]
        masked = [column.name for column in plan.columns if column.mask]
        if masked:
            self.receipt.report["masked"] = masked
        if self.contract is not None:
            self.receipt.report["descriptions"] = self.contract.describe_columns()
        self._keep_rejects(rejects, checked, sources, masked)
        self.receipt.rows_in = self.table.num_rows
        hand_over(self.receipt, *find_in_decisions(plan.columns))
        if facts is not None:
            profile_step(self, facts, count_mismatches(rejects, names), checked)
        return stored

    def _keep_rejects(
        self,
        rejects: TableSpool,
        checked: ContractRun | None,
        sources: Mapping[str, str],
        masked: Sequence[str],
    ) -> None:
        dropped = 0
        if checked is not None:
            broken = iterate_break_rejects(
                checked.lost, self.table.open_reader, sources=sources, hidden=masked
            )
            rejects = merge_by_row(rejects, broken)
            dropped = checked.count_dropped()
            self.receipt.notes += checked.notes
        self.keep_rejects(place_rejects(self, rejects, is_masked=bool(masked)))
        self.receipt.values_discarded += dropped
        if self.receipt.values_discarded:
            self.receipt.notes.append(f"{self.receipt.values_discarded:,} values discarded")

    def _name_columns(self) -> list[str]:
        naming = {name: self.args[name] for name in ("naming", "rename", "keep", "drop")}
        return [column.name for column in choose_columns(self.table.schema.names, **naming)]

    def _find_file(self, row: int) -> str | None:
        return find_file(trace_files(self), row)


def _pass_on(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    return reader


__all__ = ["CleanTable"]
