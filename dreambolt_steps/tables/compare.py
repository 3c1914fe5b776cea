# ruff: noqa: S608 (every identifier goes through quote_name)
"""Two tables against each other: columns, and rows that came, went or changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from dreambolt_steps.errors import UnknownColumnError, UsageError
from dreambolt_steps.tables.sql import quote_literal
from dreambolt_steps.unknown_names import tell_known

_NUMBER = ("INT", "DECIMAL", "FLOAT", "DOUBLE")
_LOOKED_AT = 1_000_000  # rows, for a key that is proposed


@dataclass(frozen=True)
class ColumnChange:
    """A column that came, went, or is of another type.

    Attributes:
        name: of the column.
        before, after: its types; None where it is not.
    """

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class TableDiff:
    """How two tables differ; rows are compared by the columns that both have.

    Attributes:
        rows_before, rows_after: of the tables.
        columns: that came, went, or are of another type.
        key: columns that name a row; empty where whole rows are compared.
        added, removed, changed: rows; without a key a changed row is a removed and an added one.
        changed_columns: column -> in how many rows it changed.
        possible_key: a column that could be the key where none was given; None if there is none.
    """

    rows_before: int
    rows_after: int
    columns: tuple[ColumnChange, ...]
    key: tuple[str, ...]
    added: int
    removed: int
    changed: int
    changed_columns: dict[str, int]
    possible_key: str | None = None

    @property
    def is_same(self) -> bool:
        """Whether nothing differs, the order of rows and columns apart."""
        return not (self.columns or self.added or self.removed or self.changed)


class TableComparison:
    """Two relations of one connection, compared.

    Args:
        connection: where `before` and `after` are tables or views.
        key: columns that name a row; empty for whole rows.

    Raises:
        UnknownColumnError: a key that is no column of both.
        UsageError: the key does not name one row, in one of the tables; no column in common.

    Example:
        TableComparison(connection, ["match_id"]).compare().changed
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, key: Sequence[str] = ()) -> None:
        self._connection, self._key = connection, tuple(key)
        self._kinds = [self._find_columns(name) for name in ("before", "after")]
        self._both = [name for name in self._kinds[0] if name in self._kinds[1]]
        if not self._both:
            raise UsageError("the tables have no column in common, so their rows can't be compared")
        for name in key:
            if name not in self._both:
                raise UnknownColumnError(
                    f"--key {name}: no column of both tables; {tell_known(name, self._both)}"
                )
        self._values = [name for name in self._both if name not in self._key]
        if key:
            self._check_key()
            self._match_rows()

    def compare(self) -> TableDiff:
        """Count what differs."""
        before, after = (self._count(f"FROM {name}") for name in ("before", "after"))
        columns = self._compare_columns()
        if not self._key:
            added, removed = (self._count(sql) for sql in (self._extra(1), self._extra(0)))
            possible = self._find_key() if added and removed else None
            return TableDiff(before, after, columns, (), added, removed, 0, {}, possible)
        changed_columns = {}
        for at, name in enumerate(self._values):
            if number := self._count(f"FROM matched WHERE d{at}"):
                changed_columns[name] = number
        rows = self._connection.sql(
            "SELECT count(*) FILTER (NOT in_before), count(*) FILTER (NOT in_after), "
            f"count(*) FILTER (in_before AND in_after AND {self._is_changed()}) FROM matched"
        ).fetchall()[0]
        added, removed, changed = map(int, rows)
        return TableDiff(
            before, after, columns, self._key, added, removed, changed, changed_columns
        )

    def list_rows(self) -> str:
        """The query for what differs, a row each; with a key a row for each value that changed."""
        if not self._key:
            columns = ", ".join(map(quote_name, self._both))
            return (
                f"SELECT 'removed' AS change, * FROM ({self._extra(0)}) "
                f"UNION ALL BY NAME SELECT 'added' AS change, * FROM ({self._extra(1)}) "
                f"ORDER BY {columns}, change DESC"
            )
        keys = ", ".join(f"k{at} AS {quote_name(name)}" for at, name in enumerate(self._key))
        no_value = 'NULL AS "column", NULL AS before, NULL AS after'
        parts = [
            f"SELECT 'removed' AS change, {keys}, {no_value} FROM matched WHERE NOT in_after",
            f"SELECT 'added' AS change, {keys}, {no_value} FROM matched WHERE NOT in_before",
        ]
        for at, name in enumerate(self._values):
            parts.append(
                f"SELECT 'changed' AS change, {keys}, {quote_literal(name)} AS \"column\", "
                f"b{at}::VARCHAR AS before, a{at}::VARCHAR AS after FROM matched WHERE d{at}"
            )
        order = ", ".join(str(at + 2) for at in range(len(self._key)))
        return f"{' UNION ALL '.join(parts)} ORDER BY {order}, change"

    def read_rows(self, limit: int | None = None) -> pa.RecordBatchReader:
        """What differs, as `list_rows` has it."""
        most = "" if limit is None else f" LIMIT {int(limit)}"
        return self._connection.sql(self.list_rows() + most).to_arrow_reader(10_000)

    def _find_columns(self, table: str) -> dict[str, str]:
        rows = self._connection.execute(f"DESCRIBE {table}").fetchall()
        return {str(row[0]): str(row[1]) for row in rows}

    def _count(self, sql: str) -> int:
        return int(self._connection.sql(f"SELECT count(*) FROM ({sql})").fetchall()[0][0])

    def _compare_columns(self) -> tuple[ColumnChange, ...]:
        before, after = self._kinds
        names = [*before, *(name for name in after if name not in before)]
        changes = [ColumnChange(name, before.get(name), after.get(name)) for name in names]
        return tuple(one for one in changes if one.before != one.after)

    def _read(self, name: str, side: str) -> str:
        """A column of one side, as text where the types of the two can't be compared."""
        column = f"{side}.{quote_name(name)}"
        kinds = [found[name] for found in self._kinds]
        numeric = all(any(word in kind and "[" not in kind for word in _NUMBER) for kind in kinds)
        return column if kinds[0] == kinds[1] or numeric else f"{column}::VARCHAR"

    def _extra(self, side: int) -> str:
        """The rows of one side that the other one does not have, as often as it does not."""
        names = ("before", "after")
        told = [
            ", ".join(f"{self._read(name, table)} AS {quote_name(name)}" for name in self._both)
            for table in names
        ]
        one, other = (f"SELECT {told[at]} FROM {names[at]}" for at in (side, 1 - side))
        return f"({one}) EXCEPT ALL ({other})"

    def _check_key(self) -> None:
        named = ", ".join(map(quote_name, self._key))
        for table in ("before", "after"):
            repeats = self._count(f"SELECT 1 FROM {table} GROUP BY {named} HAVING count(*) > 1")
            if repeats:
                raise UsageError(
                    f"--key {', '.join(self._key)} names no single row: {repeats:,} of its values "
                    f"repeat in the table {table}; name more columns, or none for whole rows"
                )

    def _match_rows(self) -> None:
        """Put the rows of one key side by side, with a flag for each column that differs."""
        keys = [(self._read(name, "before"), self._read(name, "after")) for name in self._key]
        same = " AND ".join(f"{one} IS NOT DISTINCT FROM {other}" for one, other in keys)
        columns = ["before.rowid IS NOT NULL AS in_before", "after.rowid IS NOT NULL AS in_after"]
        columns += [f"coalesce({one}, {two}) AS k{at}" for at, (one, two) in enumerate(keys)]
        for at, name in enumerate(self._values):
            one, two = self._read(name, "before"), self._read(name, "after")
            both = "before.rowid IS NOT NULL AND after.rowid IS NOT NULL"
            columns += [f"{one} AS b{at}", f"{two} AS a{at}"]
            columns.append(f"{both} AND {one} IS DISTINCT FROM {two} AS d{at}")
        self._connection.execute(
            f"CREATE TEMP TABLE matched AS SELECT {', '.join(columns)} "
            f"FROM before FULL JOIN after ON {same}"
        )

    def _is_changed(self) -> str:
        return " OR ".join(f"d{at}" for at in range(len(self._values))) or "false"

    def _find_key(self) -> str | None:
        """The first column that names each row of both tables."""
        for name in self._both:
            quoted = quote_name(name)
            sql = f"SELECT count(*) = count(DISTINCT {quoted}) FROM (FROM {{}} LIMIT {_LOOKED_AT})"
            if all(
                self._connection.sql(sql.format(table)).fetchall()[0][0]
                for table in ("before", "after")
            ):
                return name
        return None


def quote_name(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'
