"""The JSON Schema of one row, from the table's Arrow schema, what it holds, and its contract."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa

from dreambolt_steps.contracts.contract import ColumnContract, Contract
from dreambolt_steps.profiling.row_facts import ColumnFacts

_SYNTHESIZABLE = (
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_string,
)
_NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
_WIDEST_BOUND = 2**31


def describe_row(
    schema: pa.Schema,
    nullable: Collection[str],
    facts: Mapping[str, ColumnFacts] | None = None,
    contract: Contract | None = None,
    allowed: Mapping[str, Collection[Any]] | None = None,
) -> dict[str, Any]:
    """The JSON Schema that a synthetic row must meet.

    Args:
        schema: of the table. Columns that no language model can write (vectors, structs, bytes) are
            left out; they are NULL in synthetic rows.
        nullable: names of the columns that hold at least one NULL.
        facts: what the columns hold: new rows keep to ranges, categories and patterns.
        contract: of the table; where it promises something of a column, that goes before what the
            column holds.
        allowed: more values that the user asked for, by column.

    Returns: a JSON Schema (draft 2020-12) of type object; every column is required, and may be null
        only if it is nullable.

    Example:
        >>> describe_row(pa.schema([("year", pa.int16())]), set())["properties"]["year"]
        {'type': 'integer', 'minimum': -32768, 'maximum': 32767}
    """
    promises = {column.name: column for column in contract.columns} if contract else {}
    properties: dict[str, Any] = {}
    for field in schema:
        described = _describe_type(field.type)
        if described is None:
            continue
        promise = promises.get(field.name)
        known = (facts or {}).get(field.name)
        if known is not None:
            described |= _describe_facts(field.type, known, promise)
        if promise is not None:
            described |= _describe_promise(field.type, promise)
        if allowed and field.name in allowed:
            _allow(described, allowed[field.name])
        if field.name in nullable and (promise is None or promise.nullable):
            described["type"] = [described["type"], "null"]
            if "enum" in described:
                described["enum"] = [*described["enum"], None]
        properties[field.name] = described
    return describe_object(properties)


def describe_object(properties: dict[str, Any]) -> dict[str, Any]:
    """A JSON Schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def describe_answer(row_schema: Mapping[str, Any], count: int) -> dict[str, Any]:
    """The JSON Schema of an answer with rows, as servers take it.

    Lengths of texts are left out (a llama.cpp grammar with them can take minutes), and so are the
    bounds of wide integer types.

    Args:
        row_schema: of one row.
        count: of rows.
    """
    properties = {}
    for name, described in row_schema["properties"].items():
        kept = {key: value for key, value in described.items() if not key.endswith("Length")}
        for bound in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            if isinstance(kept.get(bound), int) and abs(kept[bound]) >= _WIDEST_BOUND:
                del kept[bound]
        properties[name] = kept
    rows = {"type": "array", "items": describe_object(properties)}
    return describe_object({"rows": rows | {"minItems": count, "maxItems": count}})


def _describe_type(kind: pa.DataType) -> dict[str, Any] | None:
    if not any(test(kind) for test in _SYNTHESIZABLE):
        return None
    if pa.types.is_boolean(kind):
        return {"type": "boolean"}
    if pa.types.is_integer(kind):
        signed = pa.types.is_signed_integer(kind)
        bits = kind.bit_width - (1 if signed else 0)
        return {"type": "integer", "minimum": -(2**bits) if signed else 0, "maximum": 2**bits - 1}
    if pa.types.is_floating(kind):
        return {"type": "number"}
    if pa.types.is_decimal(kind):
        limit = 10 ** (kind.precision - kind.scale)
        return {"type": "number", "exclusiveMinimum": -limit, "exclusiveMaximum": limit}
    if pa.types.is_date(kind):
        return {"type": "string", "format": "date"}
    if pa.types.is_timestamp(kind):
        return {"type": "string", "format": "date-time"}
    return {"type": "string"}


def _describe_facts(
    kind: pa.DataType, facts: ColumnFacts, promise: ColumnContract | None
) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if any(test(kind) for test in _NUMBERS) and facts.low is not None and not facts.unique:
        convert = int if pa.types.is_integer(kind) else float
        if promise is None or promise.low is None:
            told["minimum"] = convert(facts.low)
        if promise is None or promise.high is None:
            told["maximum"] = convert(facts.high)
    if promise is None or (promise.allowed is None and promise.pattern is None):
        if facts.categories:
            told["enum"] = list(facts.categories)
        elif facts.pattern:
            told["pattern"] = facts.pattern
    return told


def _describe_promise(kind: pa.DataType, promise: ColumnContract) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if any(test(kind) for test in _NUMBERS):
        convert = int if pa.types.is_integer(kind) else float
        if promise.low is not None:
            told["minimum"] = convert(promise.low.as_py())
        if promise.high is not None:
            told["maximum"] = convert(promise.high.as_py())
    if pa.types.is_string(kind):
        if promise.min_length is not None:
            told["minLength"] = promise.min_length
        if promise.max_length is not None:
            told["maxLength"] = promise.max_length
        if promise.pattern is not None:
            told["pattern"] = f"^(?:{promise.pattern})$"
        if promise.allowed is not None:
            told["enum"] = promise.allowed.to_pylist()
    if promise.description:
        told["description"] = promise.description
    return told


def _allow(described: dict[str, Any], values: Collection[Any]) -> None:
    """Widen a column's schema to values that the user asked for."""
    plain = [value for value in values if value is not None]
    if "enum" in described:
        described["enum"] = list(dict.fromkeys([*described["enum"], *plain]))
    described.pop("pattern", None)
    for bound, choose in (("minimum", min), ("maximum", max)):
        numbers = [value for value in plain if isinstance(value, int | float)]
        if bound in described and numbers:
            described[bound] = choose(described[bound], *numbers)
