"""What a language model answered, as rows that fit the table, or as rejects with their reasons."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from jsonschema import Draft202012Validator, FormatChecker

from dreambolt_steps.tables.rejects import Reject


def reject_answer(reason: str, raw: str, column: str | None = None, value: Any = None) -> Reject:
    """A row, or a whole answer, that can't be used, with its reason."""
    shown = None if value is None else json.dumps(value, default=str, ensure_ascii=False)
    return Reject("", None, None, column, shown, reason, raw)


def find_rows(answer: str) -> list[Any] | None:
    """The JSON array (or single object, or one object a line) inside an answer.

    Prose and code fences around it are passed over.

    Returns: its items, or None if there is no JSON to be found.

    Example:
        >>> find_rows('Here you are: [{"a": 1}]')
        [{'a': 1}]
    """
    decoder = json.JSONDecoder()
    found: list[Any] = []
    at = 0
    while match := re.compile(r"[\[{]").search(answer, at):
        try:
            value, at = decoder.raw_decode(answer, match.start())
        except ValueError:
            at = match.start() + 1
            continue
        if isinstance(value, list):
            return value
        found.append(value)
    return found or None


class RowValidator:
    """Checks rows against a JSON Schema and turns them into values of the table's types.

    Args:
        row_schema: from `describe_row`.
        schema: the table's Arrow schema.
    """

    def __init__(self, row_schema: Mapping[str, Any], schema: pa.Schema) -> None:
        self._validator = Draft202012Validator(row_schema, format_checker=FormatChecker())
        self._schema = schema
        self._seen: set[str] = set()

    def check(self, row: Any) -> dict[str, Any] | Reject:
        """The typed row, or why it is rejected: schema, type, or a duplicate of a row made
        before."""
        raw = json.dumps(row, default=str, ensure_ascii=False)
        error = next(iter(self._validator.iter_errors(row)), None)
        if error is not None:
            column = str(error.absolute_path[0]) if error.absolute_path else None
            return reject_answer(error.message, raw, column, error.instance if column else None)
        try:
            typed = {name: self._convert(name, value) for name, value in row.items()}
        except (ValueError, ArithmeticError, pa.ArrowException) as wrong:
            return reject_answer(str(wrong), raw)
        key = json.dumps([typed[name] for name in sorted(typed)], default=str)
        if key in self._seen:
            return reject_answer("the same row was made before", raw)
        self._seen.add(key)
        return typed

    def _convert(self, name: str, value: Any) -> Any:
        kind = self._schema.field(name).type
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
