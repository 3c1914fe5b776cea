"""Files whose columns drift, made one table: their schemas united by name, their batches put into
the united one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from dreambolt_steps.errors import SchemaError
from dreambolt_steps.tables.column_types import name_type
from dreambolt_steps.tables.unify_types import unite_types

NamedSchema = tuple[str, pa.Schema]


@dataclass(frozen=True)
class United:
    """The schema that holds every file's rows, and what was decided for it.

    Attributes:
        schema: all columns, in the order in which the files name them first.
        notes: a line for every column that is missing in some files or has another type there.
    """

    schema: pa.Schema
    notes: tuple[str, ...] = ()


def unite_schemas(named: Sequence[NamedSchema]) -> United:
    """Unite the schemas of several files by column name.

    A column that a file does not have is NULL there; types that differ are united as
    `unite_types` says. The files' order decides the columns' order, never a type or a value.

    Args:
        named: (file, schema) of each file; column names are unique within a schema.

    Raises: SchemaError naming a column and two files whose types no type holds.

    >>> one, two = pa.schema([("n", pa.int8())]), pa.schema([("n", pa.float64())])
    >>> unite_schemas([("a.parquet", one), ("b.parquet", two)]).notes
    ("column 'n' is int8 in a.parquet, float in b.parquet; read as float",)
    """
    columns: dict[str, dict[pa.DataType, str]] = {}
    missing: dict[str, list[str]] = {}
    for file, schema in named:
        for field in schema:
            columns.setdefault(field.name, {}).setdefault(field.type, file)
    for file, schema in named:
        known = set(schema.names)
        for name in columns.keys() - known if len(known) < len(columns) else ():
            missing.setdefault(name, []).append(file)
    fields, notes = [], []
    for name, found in columns.items():
        kind = unite_types(list(found))
        if kind is None:
            raise SchemaError(_explain_conflict(name, found))
        fields.append(pa.field(name, kind))
        if len(found) > 1:
            told = ", ".join(f"{name_type(one)} in {file}" for one, file in found.items())
            notes.append(f"column {name!r} is {told}; read as {name_type(kind)}")
        if absent := missing.get(name):
            more = f" and {len(absent) - 1:,} more" if len(absent) > 1 else ""
            notes.append(f"column {name!r} is not in {absent[0]}{more}; NULL there")
    return United(pa.schema(fields), tuple(notes))


def require_same_schemas(named: Sequence[NamedSchema]) -> United:
    """Insist that all files have the same columns, of the same types, in any order.

    Returns: the first file's schema.
    Raises: SchemaError naming two files and what differs.
    """
    first, schema = named[0]
    types = {field.name: field.type for field in schema}
    for other, other_schema in named[1:]:
        others = {field.name: field.type for field in other_schema}
        missing = [name for name in types if name not in others]
        extra = [name for name in others if name not in types]
        if missing or extra:
            raise SchemaError(
                f"{other}: other columns than {first} (missing: {missing}, extra: {extra}); "
                "read files with other columns apart, or let schemas='unite' unite them"
            )
        for name, kind in types.items():
            if others[name] != kind:
                raise SchemaError(
                    f"{other}: column {name!r} is {name_type(others[name])}, in {first} it is "
                    f"{name_type(kind)}; read these files apart, or let schemas='unite' unite them"
                )
    return United(schema)


def align_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Put a batch of one file into the united schema: columns ordered, missing ones NULL, types
    widened.

    Args:
        batch: of one of the united files.
        schema: of `unite_schemas`.

    Raises: SchemaError when the schema lacks a column of the batch, or a value does not fit: an
    integer beyond 2**53 beside floats, a timestamp out of the range of the finer unit.
    """
    if batch.schema.equals(schema):
        return batch
    if extra := [name for name in batch.schema.names if name not in schema.names]:
        raise SchemaError(f"column {extra[0]!r} is not in the united schema {schema.names}")
    own = dict(zip(batch.schema.names, batch.columns, strict=True))
    arrays = []
    for field in schema:
        array = own.get(field.name)
        if array is None:
            arrays.append(pa.nulls(batch.num_rows, field.type))
            continue
        try:
            arrays.append(align_array(array, field.type))
        except pa.ArrowInvalid as error:
            reason = str(error).splitlines()[0]
            raise SchemaError(
                f"column {field.name!r}: a value of type {name_type(array.type)} can't be "
                f"{name_type(field.type)} without a change ({reason}); read these files apart"
            ) from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def align_array(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Put an array into a united type (`unite_types`).

    Raises: pa.ArrowInvalid when a value does not fit.
    """
    if array.type == kind:
        return array
    if kinds.is_null(array.type) or (kinds.is_null(kind) and array.null_count == len(array)):
        return pa.nulls(len(array), kind)
    if kinds.is_struct(kind):
        own = {field.name: index for index, field in enumerate(array.type)}
        children = [
            align_array(pc.struct_field(array, own[field.name]), field.type)
            if field.name in own
            else pa.nulls(len(array), field.type)
            for field in kind
        ]
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=mask)
    if kinds.is_list(kind) and not kinds.is_fixed_size_list(array.type):
        lengths = pc.fill_null(pc.list_value_length(array), 0)
        ends = pc.cumulative_sum(lengths.cast(pa.int32()))
        offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
        mask = array.is_null() if array.null_count else None
        values = align_array(array.flatten(), kind.value_type)
        return pa.ListArray.from_arrays(offsets, values, type=kind, mask=mask)
    return array.cast(kind)


def _explain_conflict(name: str, found: dict[pa.DataType, str]) -> str:
    pairs = [(one, two) for one in found for two in found if unite_types([one, two]) is None]
    one, two = pairs[0] if pairs else list(found)[:2]
    return (
        f"{found[two]}: column {name!r} is {name_type(two)}, in {found[one]} it is "
        f"{name_type(one)}, and no type holds both; read these files apart"
    )
