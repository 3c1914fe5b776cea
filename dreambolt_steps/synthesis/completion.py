"""New or missing columns of rows that are there: each distinct combination is asked for once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from dreambolt_steps.errors import UnknownColumnError
from dreambolt_steps.synthesis.provenance import FLAG
from dreambolt_steps.synthesis.row_requests import Slot
from dreambolt_steps.tables.column_types import parse_type
from dreambolt_steps.tables.sql import open_cursor
from dreambolt_steps.unknown_names import tell_known
from dreambolt_steps.warehouses.sql import quote_identifier


def choose_columns(
    schema: pa.Schema, wanted: Sequence[str] | Mapping[str, str], using: Sequence[str] | None
) -> tuple[list[pa.Field], list[str]]:
    """The columns to write, and those to write them from.

    Args:
        schema: of the table.
        wanted: names of columns whose NULLs are to be filled, or name -> type of new ones.
        using: names of the columns that the model sees; by default all others that can be shown.

    Raises: UsageError for an unknown column, or a new one without a type.
    """
    kinds = wanted if isinstance(wanted, Mapping) else dict.fromkeys(wanted)
    written = []
    for name, word in kinds.items():
        if name in schema.names:
            written.append(schema.field(name))
        elif word is None:
            raise UnknownColumnError(
                f'no column {name!r}; give a new one a type: {{"{name}": "text"}}; '
                f"{tell_known(name, schema.names)}"
            )
        else:
            written.append(pa.field(name, parse_type(word)))
    unknown = [name for name in using or () if name not in schema.names]
    if unknown:
        raise UnknownColumnError(
            f"using: no column {unknown[0]!r}; {tell_known(unknown[0], schema.names)}"
        )
    shown = [
        field.name
        for field in schema
        if field.name not in kinds and not pa.types.is_nested(field.type)
    ]
    return written, list(using or shown)


def plan_completions(
    open_reader: Callable[[], pa.RecordBatchReader],
    written: Sequence[pa.Field],
    using: Sequence[str],
) -> Iterator[Slot]:
    """A slot for each distinct combination of the columns in `using`, in the order of the table.

    Rows that lack none of the columns to write are passed over.
    """
    names = open_reader().schema.names
    old = [field.name for field in written if field.name in names]
    lacking = " OR ".join(f"{quote_identifier(name)} IS NULL" for name in old)
    every = len(old) < len(written)
    shown = ", ".join(quote_identifier(name) for name in using)
    query = (
        f"SELECT {shown} FROM rows_to_complete {'' if every else f'WHERE {lacking}'} "  # noqa: S608
        f"GROUP BY {shown} ORDER BY min(place)"
    )
    connection = open_cursor()
    connection.register("rows_to_complete", _number_rows(open_reader()))
    for index, batch in enumerate(_iterate_rows(connection.sql(query).to_arrow_reader(1000))):
        yield Slot(index, batch)


def complete_rows(
    open_reader: Callable[[], pa.RecordBatchReader],
    made: pa.Table,
    written: Sequence[pa.Field],
    using: Sequence[str],
    extra: Sequence[pa.Field],
) -> pa.RecordBatchReader:
    """The table with what was made for it.

    Args:
        open_reader: gives a new stream over the table.
        made: a row for each combination: the columns in `using`, those to write, and `extra`.
        written: the columns to write; values that are there stay.
        using: columns by which rows of `made` are found.
        extra: more columns of `made` that are handed on.
    """
    source = open_reader().schema
    new = [*(field for field in written if field.name not in source.names), *extra]
    fields = [*source, *(field for field in new if field.name not in source.names)]
    schema = pa.schema([field.with_metadata(None) for field in fields])
    old = [field.name for field in written if field.name in source.names]
    columns = []
    for field in schema:
        name = quote_identifier(field.name)
        if field.name == FLAG and FLAG not in source.names:
            columns.append(f"coalesce(m.{name}, false) AS {name}")
        elif field.name in {one.name for one in written}:
            there = f"b.{name}" if field.name in source.names else "NULL"
            columns.append(f"coalesce({there}, m.{name}) AS {name}")
        else:
            columns.append(f"{'b' if field.name in source.names else 'm'}.{name} AS {name}")
    same = " AND ".join(
        f"b.{quote_identifier(name)} IS NOT DISTINCT FROM m.{quote_identifier(name)}"
        for name in using
    )
    if len(old) == len(written):
        lacking = " OR ".join(f"b.{quote_identifier(name)} IS NULL" for name in old)
        same += f" AND ({lacking})"
    query = (
        f"SELECT {', '.join(columns)} FROM batch_rows b LEFT JOIN made_rows m ON {same} "  # noqa: S608
        "ORDER BY b.place"
    )

    def iterate() -> Iterator[pa.RecordBatch]:
        connection = open_cursor()
        connection.register("made_rows", made)
        for batch in open_reader():
            place = pa.array(range(batch.num_rows), pa.int64())
            numbered = pa.table([*batch.columns, place], names=[*source.names, "place"])
            connection.register("batch_rows", numbered)
            joined = connection.sql(query).to_arrow_table().cast(schema)
            connection.unregister("batch_rows")
            yield from joined.combine_chunks().to_batches()

    return pa.RecordBatchReader.from_batches(schema, iterate())


def _number_rows(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    schema = reader.schema.append(pa.field("place", pa.int64()))

    def iterate() -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in reader:
            places = pa.array(range(start, start + batch.num_rows), pa.int64())
            start += batch.num_rows
            yield pa.RecordBatch.from_arrays([*batch.columns, places], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, iterate())


def _iterate_rows(reader: pa.RecordBatchReader) -> Iterator[dict[str, Any]]:
    for batch in reader:
        yield from batch.to_pylist()
