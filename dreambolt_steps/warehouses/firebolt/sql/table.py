# ruff: noqa: S608 (every name goes through quote_identifier or quote_table)
"""How the table of a load is made, kept or changed, as a list of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import xxhash

from dreambolt_steps.errors import SchemaError
from dreambolt_steps.warehouses.firebolt.sql.names import (
    DEFAULT_SCHEMA,
    FILE_COLUMN,
    TableLayout,
    quote_table,
    render_create_table,
    split_name,
)
from dreambolt_steps.warehouses.firebolt.sql.types import fits_type, widen_type
from dreambolt_steps.warehouses.firebolt.sql.vectors import render_vector_index
from dreambolt_steps.warehouses.load import VALID_FROM, VALID_TO, Load, refuse_history
from dreambolt_steps.warehouses.sql import quote_identifier
from dreambolt_steps.warehouses.statement import Statement
from dreambolt_steps.warehouses.type_fit import ColumnPlan, match_columns

_HISTORY = {VALID_FROM: "TIMESTAMPTZ", VALID_TO: "TIMESTAMPTZ"}


@dataclass(frozen=True)
class TableFacts:
    """A table that is there: Firebolt type by column name, columns that can't be NULL, indexes
    that were made by CREATE INDEX, and whether it has a PRIMARY INDEX."""

    columns: Mapping[str, str]
    required: frozenset[str] = frozenset()
    indexes: frozenset[str] = frozenset()
    is_sorted: bool = False


@dataclass(frozen=True)
class FileFacts:
    """The files of a load as Firebolt will see them.

    Args:
        columns: Firebolt type by column name.
        dims: size of each column of vectors.
        rows: rows by the name that `$source_file_name` gives a file.
        prefix: what all these names begin with.
        own: no other load has files of these names, since they were staged for this one.
        metadata: of the files.
    """

    columns: Mapping[str, str]
    dims: Mapping[str, int]
    rows: Mapping[str, int]
    prefix: str
    own: bool = True
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One statement: `run` it, `bring` files in by it, or check its answer, which holds the number
    of rows before or after (`before`, `after`; by file where the table tells), a key that names no
    row or several (`key`), or the number of records (`record`). `write` writes the record, with the
    rows of the files less those that were left out."""

    kind: str
    sql: Statement
    upload: tuple[str, Path] | None = None  # the part that is sent along, and its file


def name_rows_table(load: Load, attempt: str = "") -> str:
    """Name the table that holds the rows of a load until they are merged, beside its target.

    Each attempt that brings rows in without a connection needs a name of its own: a statement that
    an earlier one started may still be writing into its table.
    """
    schema, name = split_name(load.table)
    tag = xxhash.xxh3_64_hexdigest(f"{load.load_id}\n{name}".encode())
    plain = f"_dreambolt_rows_{tag}{attempt}"
    return plain if schema == DEFAULT_SCHEMA else f"{schema}.{plain}"


def run_step(sql: str) -> Step:
    """A statement that is just run."""
    return check_step("run", sql)


def check_step(kind: str, sql: str) -> Step:
    """A statement without secrets whose answer is checked."""
    return Step(kind, Statement((sql,)))


def plan_table(
    load: Load,
    files: FileFacts,
    table: TableFacts | None,
    layout: TableLayout,
    firm: Sequence[str],
) -> tuple[list[Step], dict[str, str]]:
    """Statements that make or fit the table, and the columns that the files are loaded as."""
    columns = {**files.columns, FILE_COLUMN: "TEXT"}
    named = {*layout.primary_index, *layout.partition_by, *(layout.descriptions or {})}
    unknown = named - set(columns)
    if unknown:
        raise SchemaError(
            f"column {sorted(unknown)[0]!r} is named in the layout of table {load.table}, and not"
            f" in the files; they have {', '.join(files.columns)}"
        )
    if table is None or (load.replaces and not _is_same(table, columns, firm)):
        steps = [] if table is None else [run_step(f"DROP TABLE {quote_table(load.table)}")]
        schema = split_name(load.table)[0]
        if table is None and schema != DEFAULT_SCHEMA:
            steps.append(run_step(f"CREATE SCHEMA IF NOT EXISTS {quote_identifier(schema)}"))
        history = _HISTORY if load.mode == "snapshot" else {}
        firm = [*firm, *([VALID_FROM] if history else [])]
        sql = render_create_table(load.table, columns | history, not_null=firm, layout=layout)
        indexes = _plan_indexes(load, files, layout, frozenset())
        return [*steps, run_step(sql), *indexes], columns
    indexes = _plan_indexes(load, files, layout, table.indexes)
    if load.replaces:
        # keeps grants, views and indexes; a bare DELETE is reported to do nothing in Core 5.0
        return [run_step(f"DELETE FROM {quote_table(load.table)} WHERE 1 = 1"), *indexes], columns
    own = dict(table.columns)
    if load.mode == "snapshot":
        if not set(_HISTORY) <= set(own):
            raise refuse_history(load.table)
        own = {name: kind for name, kind in own.items() if name not in _HISTORY}
    tracks = own.pop(FILE_COLUMN, None) is not None
    plan = match_columns(
        files.columns,
        own,
        load.table,
        evolve=load.evolve,
        required=table.required,
        fits=fits_type,
        widen=widen_type,
        fold=str,  # names in quotes keep their case
    )
    loaded = plan.columns | ({FILE_COLUMN: "TEXT"} if tracks else {})
    return [*_evolve(load, table, plan, layout), *indexes], loaded


def find_attached(
    load: Load, files: FileFacts, table: TableFacts, layout: TableLayout
) -> list[str]:
    """What goes beside rows and columns when a load replaces its table: nothing where it stays."""
    firm = [*load.key, FILE_COLUMN]
    if _is_same(table, {**files.columns, FILE_COLUMN: "TEXT"}, firm):
        return []
    told = [f"the index {name!r}" for name in sorted(table.indexes)]
    if table.is_sorted and not layout.primary_index:
        told.append("the PRIMARY INDEX")
    return told


def _is_same(table: TableFacts, columns: Mapping[str, str], firm: Sequence[str]) -> bool:
    if list(table.columns) != list(columns):
        return False
    fits = all(fits_type(kind, table.columns[name]) for name, kind in columns.items())
    return fits and set(table.required) <= set(firm)


def _evolve(load: Load, table: TableFacts, plan: ColumnPlan, layout: TableLayout) -> list[Step]:
    """Add columns; widen others by making the table anew, since Firebolt changes no type."""
    target = quote_table(load.table)
    steps = [
        run_step(f"ALTER TABLE {target} ADD COLUMN {quote_identifier(name)} {kind} NULL")
        for name, kind in plan.added.items()
    ]
    if not plan.widened:
        return steps
    if table.indexes:
        raise SchemaError(
            f"table {load.table} would have to be made anew to widen"
            f" {', '.join(map(repr, plan.widened))}, and with it its indexes"
            f" {', '.join(sorted(table.indexes))}; drop them first, or load with mode replace"
        )
    if table.is_sorted and not layout.primary_index:
        raise SchemaError(
            f"table {load.table} would have to be made anew to widen"
            f" {', '.join(map(repr, plan.widened))}, and its PRIMARY INDEX would be lost; name it"
            " again (primary_index, and partition_by if there is one)"
        )
    wide = f"{name_rows_table(load)}_wide"
    columns = {**table.columns, **plan.added, **plan.widened}
    names = [quote_identifier(name) for name in columns]
    values = [
        f"CAST({quote_identifier(name)} AS {kind})"
        if name in plan.widened
        else quote_identifier(name)
        for name, kind in columns.items()
    ]
    plain = quote_identifier(split_name(load.table)[1])
    return steps + [
        run_step(sql)
        for sql in (
            f"DROP TABLE IF EXISTS {quote_table(wide)}",
            render_create_table(wide, columns, not_null=sorted(table.required), layout=layout),
            f"INSERT INTO {quote_table(wide)} ({', '.join(names)}) SELECT {', '.join(values)}"
            f" FROM {target}",
            f"DROP TABLE {target}",
            f"ALTER TABLE {quote_table(wide)} RENAME TO {plain}",
        )
    ]


def _plan_indexes(
    load: Load, files: FileFacts, layout: TableLayout, there: frozenset[str]
) -> list[Step]:
    steps = []
    for column in layout.vector_index:
        if column not in files.dims:
            raise SchemaError(
                f"vector_index: {column!r} is no column of vectors of table {load.table}; it has "
                f"{', '.join(files.dims) or 'none'}"
            )
        sql = render_vector_index(load.table, column, files.dims[column])
        if not any(quote_identifier(name) in sql for name in there):
            steps.append(run_step(sql))
    return steps
