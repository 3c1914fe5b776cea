"""What has to hold between the columns of a row: said by the user, or found in the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from dreambolt_steps.errors import UsageError
from dreambolt_steps.profiling.row_facts import ENOUGH_ROWS, TableFacts
from dreambolt_steps.tables.sql import open_cursor
from dreambolt_steps.warehouses.sql import quote_identifier

_COLUMNS = 12
_VALUES = 5_000
_ROWS_PER_VALUE = 3


@dataclass(frozen=True)
class Dependency:
    """A column that follows from another one (a functional dependency).

    Attributes:
        source, target: wherever `source` is equal, `target` is.
        values: target by source.
    """

    source: str
    target: str
    values: Mapping[Any, Any] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.target} follows from {self.source}"


def find_dependencies(facts: TableFacts) -> list[Dependency]:
    """Columns that follow from another one in every row of the sample.

    Only columns whose values come three times each on average are looked at, so that no dependency
    is found by chance; at most 12 of them.
    """
    table = facts.sample
    if table.num_rows < ENOUGH_ROWS:
        return []
    most = table.num_rows / _ROWS_PER_VALUE
    names = [
        name
        for name in table.schema.names
        if 1 < facts.columns[name].distinct <= min(most, _VALUES)
        and not facts.columns[name].nullable
    ][:_COLUMNS]
    found = []
    connection = open_cursor()
    connection.register("sampled", table)
    for source in names:
        for target in names:
            distinct = facts.columns[source].distinct
            if source == target or facts.columns[target].distinct > distinct:
                continue
            pair = f"{quote_identifier(source)}, {quote_identifier(target)}"
            query = f"SELECT DISTINCT {pair} FROM sampled LIMIT {distinct + 1}"  # noqa: S608
            rows = connection.execute(query).fetchall()
            if len(rows) == distinct:
                found.append(Dependency(source, target, dict(rows)))
    connection.unregister("sampled")
    return found


def choose_derived(
    dependencies: Sequence[Dependency], row_schema: Mapping[str, Any], asked: Mapping[str, Any]
) -> list[Dependency]:
    """Dependencies by which columns are filled instead of asked for.

    Such a column follows from one that can only have values of the table; it is asked for all the
    same where the user gave values for it.

    Args:
        dependencies: of the table.
        row_schema: of one row, as it would be asked for.
        asked: values that the user asked for, by column.
    """
    derived: dict[str, Dependency] = {}
    sources: set[str] = set()
    for one in dependencies:
        described = row_schema["properties"].get(one.source, {})
        known = "enum" in described and all(value in one.values for value in described["enum"])
        if not known or one.target in asked or one.target in sources or one.source in derived:
            continue
        derived.setdefault(one.target, one)
        sources.add(one.source)
    return list(derived.values())


class RelationCheck:
    """Checks rows against relations.

    Args:
        stated: SQL conditions over columns, such as `home_goals >= half_time_home_goals`.
        found: from `find_dependencies`.
        schema: of the rows.

    Raises: UsageError for a condition that is none.
    """

    def __init__(
        self, stated: Sequence[str], found: Sequence[Dependency], schema: pa.Schema
    ) -> None:
        self.stated, self.found = tuple(stated), tuple(found)
        self._schema = schema
        for condition in self.stated:
            self._evaluate(condition, schema.empty_table())

    def find_breaks(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str | None, str] | None]:
        """For each row the column at fault (None for several) and the reason, or None."""
        breaks: list[tuple[str | None, str] | None] = [self._follow(row) for row in rows]
        if self.stated and rows:
            table = pa.Table.from_pylist(list(rows), schema=self._schema)
            for condition in self.stated:
                for at, holds in enumerate(self._evaluate(condition, table)):
                    if holds is False and breaks[at] is None:
                        breaks[at] = (None, f"breaks the relation {condition}")
        return breaks

    def _follow(self, row: Mapping[str, Any]) -> tuple[str | None, str] | None:
        for one in self.found:
            if one.source not in row or one.target not in row:
                continue
            expected = one.values.get(row[one.source])
            if expected is not None and row[one.target] != expected:
                words = f"{one.target} is {expected!r} wherever {one.source} is "
                return one.target, f"{words}{row[one.source]!r}"
        return None

    def _evaluate(self, condition: str, table: pa.Table) -> list[bool | None]:
        connection = open_cursor()
        connection.register("made", table)
        try:
            query = f"SELECT CAST(({condition}) AS BOOLEAN) FROM made"  # noqa: S608
            return [row[0] for row in connection.execute(query).fetchall()]
        except duckdb.Error as error:
            reason = str(error).split("\n")[0]
            raise UsageError(
                f"relation {condition!r} is no condition over the columns: {reason}"
            ) from error
        finally:
            connection.unregister("made")
