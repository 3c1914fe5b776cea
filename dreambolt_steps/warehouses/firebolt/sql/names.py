"""Names and tables in SQL for Firebolt: pure functions, every option spelled out, no default relied
on.

Where versions of Firebolt's pages differ, what all of them mean alike: nullability is always
written, since its default has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from dreambolt_steps.errors import SchemaError, UsageError
from dreambolt_steps.unknown_names import tell_known
from dreambolt_steps.warehouses.sql import quote_identifier, split_table
from dreambolt_steps.warehouses.statement import quote_text

DEFAULT_SCHEMA = "public"
FILE_COLUMN = "_dreambolt_file"
MAX_NAME = 255
TABLE_TYPES = ("fact", "dimension")


@dataclass(frozen=True)
class TableLayout:
    """How a new table is laid out.

    Args:
        primary_index: columns it is sorted by.
        partition_by: columns it is split by.
        table_type: fact (default) or dimension (copied to every node).
        vector_index: columns of vectors to make an HNSW index for.
        descriptions: text by column name; None: those of the files' fields. Older versions of
            Firebolt know no descriptions.
    """

    primary_index: tuple[str, ...] = ()
    partition_by: tuple[str, ...] = ()
    table_type: str = "fact"
    vector_index: tuple[str, ...] = ()
    descriptions: Mapping[str, str] | None = None

    def describe(self, schema: pa.Schema) -> TableLayout:
        """The layout with the descriptions of the fields of a schema, unless it has its own."""
        if self.descriptions is not None:
            return self
        told = {
            field.name: field.metadata[b"description"].decode()
            for field in schema
            if b"description" in (field.metadata or {})
        }
        return replace(self, descriptions=told)

    def __post_init__(self) -> None:
        if self.table_type not in TABLE_TYPES:
            raise UsageError(
                f"table_type {self.table_type!r} is none; "
                f"{tell_known(self.table_type, TABLE_TYPES)}"
            )


def check_name(name: str) -> str:
    """Return a name that Firebolt takes.

    Raises:
        SchemaError: over 255 characters, or with a NUL character.
    """
    if len(name) > MAX_NAME:
        raise SchemaError(
            f"{name[:40]!r}.. has {len(name)} characters, and Firebolt's names at most {MAX_NAME};"
            " rename it before exporting"
        )
    if "\0" in name:
        raise SchemaError(f"{name!r} holds a NUL character; rename it before exporting")
    return name


def split_name(table: str) -> tuple[str, str]:
    """Take `table` or `schema.table` apart; the schema is `public` where none is named.

    >>> split_name("sport.players"), split_name("players")
    (('sport', 'players'), ('public', 'players'))
    """
    schema, name = split_table(table, DEFAULT_SCHEMA)
    return check_name(schema), check_name(name)


def quote_table(table: str) -> str:
    """Write `table` or `schema.table` as a quoted name; `public` is left out, since some statements
    of Firebolt Core 5.0 are reported to do nothing with it.

    >>> quote_table("sport.players"), quote_table("public.players")
    ('"sport"."players"', '"players"')
    """
    schema, name = split_name(table)
    quoted = quote_identifier(name)
    return quoted if schema == DEFAULT_SCHEMA else f"{quote_identifier(schema)}.{quoted}"


def render_create_table(
    table: str,
    columns: Mapping[str, str],
    *,
    not_null: Sequence[str] = (),
    layout: TableLayout | None = None,
    exists: bool = False,
) -> str:
    """Render the statement that makes an empty table, with NULL or NOT NULL for every column.

    Args:
        table: table or schema.table.
        columns: Firebolt type by column name, in order.
        not_null: columns that can't be NULL; those of index and partition never can.
        layout: index, partition, type and descriptions.
        exists: do nothing if the table is there.

    >>> print(render_create_table("t", {"id": "BIGINT", "a": "TEXT"}, not_null=["id"]))
    CREATE FACT TABLE "t" ("id" BIGINT NOT NULL, "a" TEXT NULL)
    """
    layout = layout or TableLayout()
    firm = {*not_null, *layout.primary_index, *layout.partition_by}
    told = []
    for name, kind in columns.items():
        text = f"{quote_identifier(check_name(name))} {kind} "
        text += "NOT NULL" if name in firm else "NULL"
        if layout.descriptions and name in layout.descriptions:
            text += f" DESCRIPTION = {quote_text(layout.descriptions[name])}"
        told.append(text)
    verb = f"CREATE {layout.table_type.upper()} TABLE{' IF NOT EXISTS' if exists else ''}"
    sql = f"{verb} {quote_table(table)} ({', '.join(told)})"
    for words, names in (
        ("PRIMARY INDEX", layout.primary_index),
        ("PARTITION BY", layout.partition_by),
    ):
        if names:
            sql += f" {words} {', '.join(quote_identifier(name) for name in names)}"
    return sql
