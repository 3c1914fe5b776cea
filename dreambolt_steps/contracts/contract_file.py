"""Reads a contract from a YAML file or a mapping; whatever is wrong is told with its place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.contracts.contract import (
    MODE_KEYS,
    MODES,
    ColumnContract,
    Contract,
    Modes,
    Reference,
)
from dreambolt_steps.contracts.contract_text import ContractText, suggest
from dreambolt_steps.contracts.contract_values import read_scalar
from dreambolt_steps.contracts.yaml_places import Place, YamlDocument
from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.column_types import read_type

VERSION = 1
TABLE_KEYS = ("contract", "table", "description", "modes", "unique", "columns")
COLUMN_KEYS = (
    *("type", "nullable", "min", "max", "min_length", "max_length", "pattern", "allowed"),
    *("unique", "references", "description", "semantic_type", "unit", "modes"),
)
_WIDE_DECIMAL = pa.decimal128(38, 9)
_FOR_TEXT = ("min_length", "max_length", "pattern")


def read_contract(source: str | Path | Mapping[str, Any]) -> Contract:
    """Read a contract.

    Args:
        source: a YAML file, or what such a file holds.

    Returns: the contract; `min` and the like are values of the column's type already.
    Raises: UsageError naming file, line, key, and what is allowed there.

    >>> read_contract({"contract": 1, "columns": {"n": {"type": "int8", "min": 1}}}).columns[0].low
    <pyarrow.Int8Scalar: 1>
    """
    if isinstance(source, Mapping):
        return _ContractReader("the contract", None).read(dict(source))
    if not isinstance(source, str | Path):
        raise UsageError(f"a contract is a YAML file or a mapping, not {source!r}")
    path = Path(source)
    try:
        document = YamlDocument(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"contract {path}: {reason}; check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"contract {path}: is not UTF-8; save it as UTF-8") from error
    except ValueError as error:  # a NUL in the path
        raise UsageError(f"contract {str(path)!r}: {error}; check the path") from error
    if document.problem is not None:
        line, words = document.problem
        raise UsageError(f"{path} line {line}: {words}")
    return _ContractReader(str(path), document).read(document.data)


class _ContractReader:
    """Checks one contract, and knows where everything in it stands."""

    def __init__(self, origin: str, document: YamlDocument | None) -> None:
        self._text = ContractText(origin, document)

    def read(self, data: Any) -> Contract:
        found = self._text.take_mapping(data, (), TABLE_KEYS)
        if self._text.take(found, (), "contract", int) != VERSION:
            self._text.fail(
                ("contract",), f"write `contract: {VERSION}`, the version of the format"
            )
        modes = self._read_modes(found.get("modes"), ("modes",), Modes(), MODE_KEYS)
        named = self._text.take_mapping(found.get("columns") or {}, ("columns",), None)
        columns = tuple(self._read_column(name, body, modes) for name, body in named.items())
        singles = tuple((column.name,) for column in columns if column.unique)
        groups = self._read_unique(found.get("unique"), [column.name for column in columns])
        return Contract(
            columns=columns,
            modes=modes,
            unique=tuple(dict.fromkeys((*singles, *groups))),
            table=self._text.take(found, (), "table", str),
            description=self._text.take(found, (), "description", str),
            origin=self._text.origin,
            content=json.dumps(found, sort_keys=False, default=repr),
        )

    def _read_column(self, name: str, body: Any, table_modes: Modes) -> ColumnContract:
        place: Place = ("columns", name)
        found = self._text.take_mapping({} if body is None else body, place, COLUMN_KEYS)
        kind = None
        if "type" in found:
            word = self._text.take(found, place, "type", str) or ""
            kind = self._text.parse((*place, "type"), _read_type, word)
        for key in ("min", "max", "allowed", *_FOR_TEXT):
            if key in found and kind is None:
                self._text.fail((*place, key), "needs a `type` in the same column")
            if key in found and key in _FOR_TEXT and not pa.types.is_string(kind):
                self._text.fail((*place, key), f"is for text, the column is {found['type']}")
            if key in ("min", "max") and key in found and pa.types.is_string(kind):
                self._text.fail((*place, key), f"is not for text; use {key}_length or pattern")
        column = ColumnContract(
            name=name,
            type=kind,
            type_word=found.get("type", "any type"),
            nullable=self._text.take(found, place, "nullable", bool, True),
            low=self._read_value(found, place, "min", kind),
            high=self._read_value(found, place, "max", kind),
            min_length=self._text.take(found, place, "min_length", int),
            max_length=self._text.take(found, place, "max_length", int),
            pattern=self._text.take(found, place, "pattern", str),
            allowed=self._read_allowed(found, place, kind),
            unique=self._text.take(found, place, "unique", bool, False),
            references=self._read_reference(found.get("references"), (*place, "references")),
            description=self._text.take(found, place, "description", str),
            semantic_type=self._text.take(found, place, "semantic_type", str),
            unit=self._text.take(found, place, "unit", str),
            modes=self._read_modes(
                found.get("modes"), (*place, "modes"), table_modes, MODE_KEYS[1:]
            ),
        )
        self._check_column(column, place)
        return column

    def _check_column(self, column: ColumnContract, place: Place) -> None:
        low, high = column.low, column.high
        if low is not None and high is not None and pc.greater(low, high).as_py():
            self._text.fail((*place, "max"), f"{high} is less than min {low}")
        shortest, longest = column.min_length or 0, column.max_length
        if shortest < 0 or (longest is not None and longest < shortest):
            self._text.fail(
                (*place, "max_length"), f"no text is {shortest} to {longest} characters long"
            )
        if column.pattern is not None:
            try:
                pc.match_substring_regex(pa.array([""]), column.pattern)
            except pa.ArrowInvalid as error:
                words = str(error).removeprefix("Invalid regular expression: ")
                self._text.fail((*place, "pattern"), f"is no RE2 expression: {words}")

    def _read_modes(self, given: Any, place: Place, above: Modes, keys: Sequence[str]) -> Modes:
        if given is None:
            return above
        if isinstance(given, str):
            given = dict.fromkeys(keys, given)
        found = self._text.take_mapping(given, place, keys)
        for key, word in found.items():
            if word not in MODES:
                self._text.fail((*place, key), f"no mode {word!r}{suggest(word, MODES)}")
        return replace(above, **found)

    def _read_unique(self, given: Any, names: Sequence[str]) -> list[tuple[str, ...]]:
        if given is None:
            return []
        if not isinstance(given, list):
            self._text.fail(("unique",), "write a list of groups, such as [[match_id, player]]")
        groups = []
        for at, group in enumerate(given):
            listed = [group] if isinstance(group, str) else group
            if (
                not isinstance(listed, list)
                or not listed
                or len(set(map(str, listed))) < len(listed)
            ):
                self._text.fail(("unique", at), f"{group!r} is no group of columns")
            for name in listed:
                if name not in names:
                    self._text.fail(("unique", at), f"no column {name!r}{suggest(name, names)}")
            groups.append(tuple(listed))
        return groups

    def _read_reference(self, given: Any, place: Place) -> Reference | None:
        if given is None:
            return None
        found = self._text.take_mapping(given, place, ("file", "column"))
        file, column = (self._text.take(found, place, key, str) for key in ("file", "column"))
        if not file or not column:
            self._text.fail(place, "write {file: other.csv, column: name}")
        return Reference(file, column)

    def _read_value(
        self, found: Mapping[str, Any], place: Place, key: str, kind: pa.DataType
    ) -> pa.Scalar | None:
        if key not in found:
            return None
        return self._text.parse((*place, key), lambda value: read_scalar(value, kind), found[key])

    def _read_allowed(
        self, found: Mapping[str, Any], place: Place, kind: pa.DataType
    ) -> pa.Array | None:
        if "allowed" not in found:
            return None
        listed = found["allowed"]
        if not isinstance(listed, list) or not listed:
            self._text.fail((*place, "allowed"), "write a list of values, at least one")
        values = [
            self._text.parse((*place, "allowed", at), lambda value: read_scalar(value, kind), value)
            for at, value in enumerate(listed)
        ]
        return pa.array([value.as_py() for value in values], kind)


def _read_type(word: str) -> pa.DataType:
    """The type to compare values in: decimal, currency and percent find their digits later."""
    wanted = read_type(word)
    if wanted.format is not None:
        raise UsageError(
            f"{word!r} says how values are written, which is no promise of the table; "
            "write the type alone, and give the format with --columns"
        )
    return wanted.type or _WIDE_DECIMAL
