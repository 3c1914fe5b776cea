"""The step that makes a table regular."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.contracts.contract_file import read_contract
from dreambolt_steps.contracts.reject_rows import build_break_rejects
from dreambolt_steps.steps.contract_run import ContractRun
from dreambolt_steps.steps.lineage import find_file, trace_files
from dreambolt_steps.steps.profile_step import count_mismatches, profile_step, remember_profile
from dreambolt_steps.steps.reference_files import ReferenceFiles
from dreambolt_steps.steps.table_step import TableStep
from dreambolt_steps.tables.clean import apply_plan, plan_cleaning
from dreambolt_steps.tables.cleaning.choose_columns import choose_columns
from dreambolt_steps.tables.text.blanks import NULL_TOKENS

_OWN_ARGS = ("contract", "profile")


class CleanTable(TableStep):
    """Makes names, blanks, NULLs and types of a table regular.

    Inputs: every column of one upstream table.

    Outputs: the same columns under snake_case names that never collide, text trimmed, NULL tokens
    NULL, and text typed where every row of the table allows it and no value changes: integers of
    the width they need, decimals, booleans, dates and timestamps. Digits that are codes ("007")
    stay text. Columns that come typed keep their types.

    A row with a value that does not fit a type in `types` is rejected and kept in the step's
    rejects, or what `on_mismatch` says; types that are found never reject a row.

    With a `contract` (docs/contracts.md) the table has the contract's columns and types, and what
    breaks a promise is kept, rejected, put to NULL, or stops the run, as the contract says.

    Raises:
        UsageError: an argument names an unknown column, or `types` an unknown type.
        SchemaError: a value does not fit where `on_mismatch` says raise.
        ContractError: a promise is broken where the contract says freeze.

    Example:
        args = {"types": {"shirt_number": "int16", "*": "text"}}
        clean = CleanTable("clean", inputs=columns(raw), args=args)
    """

    version = 1.0

    def setup(self) -> None:
        self.register_arg(
            "types",
            required=False,
            help="Column -> text, integer, int8.., decimal(p,s), float, boolean, date, time.. "
            '("*": the rest); '
            "decimal, currency and percent find their digits; uuid, json and category "
            "are text.",
        )
        self.register_arg("rename", required=False, help="Source or clean name -> wanted name.")
        self.register_arg(
            "keep", required=False, help='Columns to keep: names or patterns such as "home_*".'
        )
        self.register_arg("drop", required=False, help="Columns to leave out, the same way.")
        self.register_arg(
            "naming",
            required=False,
            default="snake_case",
            help="snake_case, camel, or source: names as they are.",
        )
        self.register_arg(
            "null_tokens",
            required=False,
            default=list(NULL_TOKENS),
            help="Values that mean NULL, after trimming: a list, or column -> list.",
        )
        self.register_arg(
            "trim", required=False, default=True, help="Take blanks off both ends of text."
        )
        self.register_arg(
            "day_first",
            required=False,
            help="Whether 1/2/2024 is the first of February; for all, or column -> true or false.",
            default_help="found out",
        )
        self.register_arg(
            "decimal_separator",
            required=False,
            help='"." or ",", what stands before decimals; for all, or column -> one of them.',
            default_help="found out",
        )
        self.register_arg(
            "true_words",
            required=False,
            default=[],
            help="Words for true besides true and yes, in any case.",
        )
        self.register_arg(
            "false_words",
            required=False,
            default=[],
            help="Words for false besides false and no, in any case.",
        )
        self.register_arg(
            "on_mismatch",
            required=False,
            default="reject",
            help="A value that is not of its type in `types`: reject its row, make it null, raise, "
            "or widen the column to text. For all, or column -> word.",
        )

        self.register_arg(
            "contract",
            required=False,
            help="What the table promises: a YAML file, or what stands in one.",
        )
        self.register_arg(
            "profile",
            required=False,
            default=True,
            help="Keep quality scores, and compare the table with that of the session's last run.",
        )

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
        if self.contract is None:
            return None
        return [self.contract.content, self.references.identify()]

    def conclude(self) -> None:
        remember_profile(self)

    def run(self) -> Dataset:
        args = {name: self.args[name] for name in self.args if name not in _OWN_ARGS}
        checked = None
        if self.contract is not None:
            checked = ContractRun(self.contract, self.references, self._find_file)
            args |= checked.ask(self._name_columns(), args)
        plan = plan_cleaning(self.table.open_reader, **args)
        cleaned = apply_plan(self.table.open_reader(), plan)
        if checked is not None:
            stored = checked.enforce(self, cleaned)
        else:
            stored = self.store(cleaned.reader, self.table.num_rows)
        rejects = cleaned.report().rejects
        sources = {column.name: column.decision.name for column in plan.columns}
        names = {source: name for name, source in sources.items()}
        self.receipt.report["columns"] = {column.name: column.to_dict() for column in plan.columns}
        self._keep_rejects(rejects, checked, sources)
        self.receipt.rows_in = self.table.num_rows
        if self.args["profile"]:
            profile_step(self, stored, count_mismatches(rejects, names), checked)
        return stored

    def _keep_rejects(
        self, rejects: pa.Table, checked: ContractRun | None, sources: Mapping[str, str]
    ) -> None:
        dropped = 0
        if checked is not None:
            broken = build_break_rejects(
                checked.rejected, checked.discarded, self.table.open_reader, sources=sources
            )
            rejects = pa.concat_tables([rejects, broken]).sort_by("line")
            dropped = checked.count_dropped()
            self.receipt.notes += checked.notes
        self.keep_rejects(rejects)
        self.receipt.values_discarded += dropped
        if self.receipt.values_discarded:
            self.receipt.notes.append(f"{self.receipt.values_discarded:,} values discarded")

    def _name_columns(self) -> list[str]:
        naming = {name: self.args[name] for name in ("naming", "rename", "keep", "drop")}
        return [column.name for column in choose_columns(self.table.schema.names, **naming)]

    def _find_file(self, row: int) -> str | None:
        return find_file(trace_files(self), row)


__all__ = ["CleanTable"]
