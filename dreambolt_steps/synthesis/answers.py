"""What a language model answered, as rows that fit the table, or as rejects with their reasons."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from dreambolt_steps.contracts.breaks import RuleTally
from dreambolt_steps.contracts.check import check_table
from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.contracts.schema_check import compare_columns
from dreambolt_steps.errors import ContractError
from dreambolt_steps.synthesis.relations import Dependency, RelationCheck
from dreambolt_steps.synthesis.templates import show_row
from dreambolt_steps.tables.rejects.schema import Reject

_SHOWN_CHARACTERS = 2_000


def reject_answer(reason: str, raw: str, column: str | None = None, value: Any = None) -> Reject:
    """A row, or a whole answer, that can't be used, with its reason."""
    shown = None if value is None else json.dumps(value, default=str, ensure_ascii=False)
    return Reject("", None, None, column, shown, reason, raw[:_SHOWN_CHARACTERS])


class RowValidator:
    """Checks rows against a JSON Schema, relations and a contract, and types their values.

    Args:
        row_schema: from `describe_row`.
        schema: the table's Arrow schema.
        relations: what has to hold between columns.
        contract: of the table.
        derived: columns that are filled by what they follow from.
    """

    def __init__(
        self,
        row_schema: Mapping[str, Any],
        schema: pa.Schema,
        relations: RelationCheck | None = None,
        contract: Contract | None = None,
        derived: Sequence[Dependency] = (),
    ) -> None:
        self.row_schema, self._derived = row_schema, derived
        names = {*row_schema["properties"], *(one.target for one in derived)}
        self.schema = pa.schema([field for field in schema if field.name in names])
        self._validator = Draft202012Validator(row_schema, format_checker=FormatChecker())
        self._relations, self._contract = relations, contract

    def check(
        self, rows: Sequence[Any], given: Sequence[Mapping[str, Any]] | None = None
    ) -> list[dict[str, Any] | Reject]:
        """For each row its typed values, or why it is rejected.

        Args:
            rows: as the model wrote them.
            given: values that each row has to have; relations see them too.
        """
        wanted = given or [{} for _ in rows]
        checked = [self._check_alone(row, values) for row, values in zip(rows, wanted, strict=True)]
        good = [at for at, row in enumerate(checked) if not isinstance(row, Reject)]
        if self._relations is not None:
            whole = [{**wanted[at], **_as_row(checked[at])} for at in good]
            for at, broken in zip(good, self._relations.find_breaks(whole), strict=True):
                if broken is not None:
                    column, reason = broken
                    value = _as_row(checked[at]).get(column) if column else None
                    checked[at] = reject_answer(reason, show_row(rows[at]), column, value)
        if self._contract is not None:
            good = [at for at in good if not isinstance(checked[at], Reject)]
            for at, column, value, reason in self._break_contract([checked[at] for at in good]):
                raw = show_row(rows[good[at]])
                checked[good[at]] = reject_answer(f"contract: {reason}", raw, column, value)
        return checked

    def _check_alone(self, row: Any, given: Mapping[str, Any]) -> dict[str, Any] | Reject:
        raw = show_row(row)
        error = next(iter(self._validator.iter_errors(row)), None)
        if error is not None:
            if not error.absolute_path:
                return reject_answer(_explain(error), raw)
            return reject_answer(error.message, raw, str(error.absolute_path[0]), error.instance)
        for name, value in given.items():
            if name in row and row[name] != value:
                reason = f"{name} has to be {value!r}, not {row[name]!r}"
                return reject_answer(reason, raw, name, row[name])
        try:
            typed = {name: self._convert(name, value) for name, value in row.items()}
            return typed | {one.target: one.values.get(row[one.source]) for one in self._derived}
        except (ValueError, ArithmeticError, pa.ArrowException) as wrong:
            return reject_answer(str(wrong), raw)

    def _break_contract(self, rows: list[Any]) -> list[tuple[int, str | None, Any, str]]:
        assert self._contract is not None
        table = pa.Table.from_pylist(rows, schema=self.schema)
        plan = compare_columns(self._contract, self.schema.names)
        checked = check_table(table.to_reader(), self._contract, plan, _tell_break)
        try:
            checked.reader.read_all()
        except ContractError as error:  # mode freeze: of a made row it is a reason like others
            if len(rows) == 1:
                return [(0, None, None, str(error))]
            alone = [(at, self._break_contract([row])) for at, row in enumerate(rows)]
            return [(at, *broken[0][1:]) for at, broken in alone if broken]
        report = checked.report()
        broken = pa.concat_tables([report.rejected, report.discarded]).to_pylist()
        return [(one["row"], one["column"], one["value"], one["reason"]) for one in broken]

    def _convert(self, name: str, value: Any) -> Any:
        kind = self.schema.field(name).type
        if value is None:
            return None
        if pa.types.is_date(kind):
            value = date.fromisoformat(value)
        elif pa.types.is_timestamp(kind):
            value = datetime.fromisoformat(value)
            if (value.tzinfo is None) != (kind.tz is None):
                raise ValueError(f"{name}: {value} and the column differ in having a time zone")
        elif pa.types.is_decimal(kind):
            value = Decimal(str(value)).quantize(Decimal(1).scaleb(-kind.scale))
        elif pa.types.is_integer(kind):
            value = int(value)
        elif pa.types.is_floating(kind) and not math.isfinite(value):
            raise ValueError(f"{name}: {value} is not a finite number")
        return pa.scalar(value, kind).as_py()


def _explain(error: ValidationError) -> str:
    """What is wrong with a row as a whole."""
    row, told = error.instance, error.validator_value
    if error.validator == "required":
        return f"{next(name for name in told if name not in row)} is missing"
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        return f"{next(name for name in row if name not in known)} is no column to write"
    return str(error.message)


def _tell_break(tally: RuleTally) -> ContractError:
    return ContractError(f"{tally.column}: {tally.reason}")


def _as_row(checked: dict[str, Any] | Reject) -> dict[str, Any]:
    assert not isinstance(checked, Reject)
    return checked
