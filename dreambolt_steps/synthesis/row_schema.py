"""The JSON Schema of one row, from the table's Arrow schema and what its columns hold."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

_SYNTHESIZABLE = (
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_string,
)


def describe_row(schema: pa.Schema, nullable: set[str]) -> dict[str, Any]:
    """The JSON Schema that a synthetic row must meet.

    Args:
        schema: of the table. Columns that no language model can write (vectors, structs, bytes) are
            left out; they are NULL in synthetic rows.
        nullable: names of the columns that hold at least one NULL.

    Returns: a JSON Schema (draft 2020-12) of type object; every column is required, and may be null
        only if it is nullable.

    Example:
        >>> describe_row(pa.schema([("year", pa.int16())]), set())["properties"]["year"]
        {'type': 'integer', 'minimum': -32768, 'maximum': 32767}
    """
    properties: dict[str, Any] = {}
    for field in schema:
        described = _describe_type(field.type)
        if described is None:
            continue
        if field.name in nullable:
            described["type"] = [described["type"], "null"]
        properties[field.name] = described
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


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
