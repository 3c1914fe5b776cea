# ruff: noqa: S608 (every identifier goes through quote_identifier; tables come quoted)
"""SQL of the modes that know rows by a key: standard MERGE, the same for every warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dreambolt_steps.tables.sql import quote_literal
from dreambolt_steps.warehouses.load import VALID_FROM, VALID_TO
from dreambolt_steps.warehouses.sql import quote_identifier


def render_key_check(source: str, key: Sequence[str]) -> str:
    """Render the query for one key that is NULL or names several rows, with their number.

    >>> render_key_check('"s"', ["id"])
    'SELECT "id", count(*) FROM "s" GROUP BY "id" HAVING count(*) > 1 OR "id" IS NULL LIMIT 1'
    """
    names = [quote_identifier(name) for name in key]
    told = ", ".join(names)
    missing = " OR ".join(f"{name} IS NULL" for name in names)
    return (
        f"SELECT {told}, count(*) FROM {source} GROUP BY {told} HAVING count(*) > 1 OR {missing}"
        " LIMIT 1"
    )


def render_merge(target: str, source: str, key: Sequence[str], columns: Sequence[str]) -> str:
    """Render the statement that updates rows of a known key and adds the others.

    Args:
        target: quoted name of the table.
        source: quoted name of the table with the rows of the load, one for each key.
        key: columns that name a row.
        columns: all columns of the load, the key included.

    >>> print(render_merge('"t"', '"s"', ["id"], ["id", "a"]))
    MERGE INTO "t" AS t USING "s" AS s ON t."id" = s."id" WHEN MATCHED THEN UPDATE SET "a" = s."a" \
WHEN NOT MATCHED THEN INSERT ("id", "a") VALUES (s."id", s."a")
    """
    names = [quote_identifier(name) for name in columns]
    others = [quote_identifier(name) for name in columns if name not in key]
    update = ", ".join(f"{name} = s.{name}" for name in others)
    matched = f"WHEN MATCHED THEN UPDATE SET {update} " if others else ""
    return (
        f"MERGE INTO {target} AS t USING {source} AS s ON {_match(key)} {matched}"
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)})"
        f" VALUES ({', '.join(f's.{name}' for name in names)})"
    )


def render_close_versions(
    target: str, source: str, key: Sequence[str], compared: Sequence[str], moment: datetime
) -> str:
    """Render the statement that ends versions of rows which are gone from the load or changed.

    Args:
        target: quoted name of the table with the history.
        source: quoted name of the table with all rows there are now.
        key: columns that name a row.
        compared: columns whose change makes a new version.
        moment: when the versions end, with its zone.

    >>> from datetime import UTC
    >>> print(render_close_versions('"t"', '"s"', ["id"], ["a"], datetime(2026, 1, 1, tzinfo=UTC)))
    MERGE INTO "t" AS t USING "s" AS s ON t."id" = s."id" AND t."valid_to" IS NULL \
WHEN MATCHED AND (t."a" IS DISTINCT FROM s."a") \
THEN UPDATE SET "valid_to" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ) \
WHEN NOT MATCHED BY SOURCE AND t."valid_to" IS NULL \
THEN UPDATE SET "valid_to" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
    """
    ended = f"THEN UPDATE SET {quote_identifier(VALID_TO)} = {_render_moment(moment)}"
    current = f"t.{quote_identifier(VALID_TO)} IS NULL"
    names = [quote_identifier(name) for name in compared]
    changed = " OR ".join(f"t.{name} IS DISTINCT FROM s.{name}" for name in names)
    matched = f"WHEN MATCHED AND ({changed}) {ended} " if names else ""
    return (
        f"MERGE INTO {target} AS t USING {source} AS s ON {_match(key)} AND {current} {matched}"
        f"WHEN NOT MATCHED BY SOURCE AND {current} {ended}"
    )


def render_open_versions(
    target: str, source: str, key: Sequence[str], columns: Sequence[str], moment: datetime
) -> str:
    """Render the statement that begins versions for rows without a current one.

    Args: as `render_close_versions`; `columns` are all columns of the load.

    >>> from datetime import UTC
    >>> sql = render_open_versions('"t"', '"s"', ["id"], ["id"], datetime(2026, 1, 1, tzinfo=UTC))
    >>> print(sql.split(" SELECT ")[0])
    INSERT INTO "t" ("id", "valid_from", "valid_to")
    """
    names = [quote_identifier(name) for name in columns]
    into = ", ".join([*names, quote_identifier(VALID_FROM), quote_identifier(VALID_TO)])
    values = ", ".join(f"s.{name}" for name in names)
    return (
        f"INSERT INTO {target} ({into}) SELECT {values}, {_render_moment(moment)},"
        f" CAST(NULL AS TIMESTAMPTZ) FROM {source} AS s LEFT JOIN {target} AS t ON {_match(key)}"
        f" AND t.{quote_identifier(VALID_TO)} IS NULL WHERE t.{quote_identifier(key[0])} IS NULL"
    )


def _match(key: Sequence[str]) -> str:
    return " AND ".join(f"t.{quote_identifier(name)} = s.{quote_identifier(name)}" for name in key)


def _render_moment(moment: datetime) -> str:
    return f"CAST({quote_literal(moment.isoformat())} AS TIMESTAMPTZ)"
