# ruff: noqa: S608 (every name goes through quote_identifier or quote_table)
"""Every statement of a load into Firebolt, in order, before any of them is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dreambolt_steps.warehouses.firebolt.sql.copy import render_count
from dreambolt_steps.warehouses.firebolt.sql.ledger import (
    render_check_record,
    render_record,
    render_supersede,
)
from dreambolt_steps.warehouses.firebolt.sql.names import (
    FILE_COLUMN,
    TableLayout,
    quote_table,
    render_create_table,
)
from dreambolt_steps.warehouses.firebolt.sql.table import (
    FileFacts,
    Step,
    TableFacts,
    check_step,
    name_rows_table,
    plan_table,
    run_step,
)
from dreambolt_steps.warehouses.keyed_sql import (
    render_close_versions,
    render_key_check,
    render_merge,
    render_open_versions,
)
from dreambolt_steps.warehouses.load import KEYED, Load
from dreambolt_steps.warehouses.sql import quote_identifier


@dataclass(frozen=True)
class LoadPlan:
    """The statements of a load.

    `ahead` is committed one by one, before the transaction: rows of the load come into a table of
    their own, where they wait for `inside`.
    """

    ahead: tuple[Step, ...]
    inside: tuple[Step, ...]


def plan_load(
    load: Load,
    files: FileFacts,
    table: TableFacts | None,
    deliver: Callable[[str, bool], Sequence[Step]],
    *,
    layout: TableLayout,
    not_null: Sequence[str] = (),
    apart: bool = False,
    attempt: str = "",
) -> LoadPlan:
    """List the statements of a load.

    Args:
        load: what is asked for.
        files: what comes in.
        table: what is there; None: nothing.
        deliver: renders the statements that bring the files into a table, with or without the
            column for their names.
        layout: of a table that is made.
        not_null: columns of the files that hold no NULL and shall not.
        apart: bring the rows into a table of their own first, outside the transaction: for loads
            that take so long that they run without a connection.
        attempt: ends the name of that table.

    Raises:
        SchemaError: files and table do not fit.
    """
    firm = [*not_null, *load.key, FILE_COLUMN]
    staged = load.mode in KEYED or apart
    made, columns = plan_table(load, files, table, layout, firm)
    tracks = FILE_COLUMN in columns
    target = quote_table(load.table)
    rows_table = name_rows_table(load, attempt if apart else "") if staged else None
    into = rows_table or load.table
    counted = render_count(into, FILE_COLUMN if tracks else None, files.prefix)
    bring = [*deliver(into, tracks), check_step("after", counted)]
    if not (staged or (tracks and files.own)):  # rows of the same name may be there already
        bring.insert(0, check_step("before", counted))
    record = [
        check_step(
            "write",
            render_record(load, sum(files.rows.values()), list(files.rows), files.metadata),
        ),
        check_step("record", render_check_record(load)),
    ]
    anew = [run_step(render_supersede(load.table))] if table is None or load.replaces else []
    if not staged:
        return LoadPlan((), (*made, *bring, *anew, *record))
    rows = quote_table(into)
    # what the table can't hold as NULL is refused, or left out, where the rows come in
    held = [*firm, *(table.required if table and not load.replaces else ())]
    bring = [
        run_step(f"DROP TABLE IF EXISTS {rows}"),
        run_step(render_create_table(into, columns, not_null=[n for n in held if n in columns])),
        *bring,
    ]
    if load.key:
        bring.append(check_step("key", render_key_check(rows, load.key)))
    moves = [run_step(sql) for sql in _move_rows(load, target, rows, list(columns))]
    end = [*moves, run_step(f"DROP TABLE {rows}"), *anew, *record]
    if apart:
        return LoadPlan(tuple(bring), (*made, *end))
    return LoadPlan((), (*made, *bring, *end))


def _move_rows(load: Load, target: str, rows: str, columns: Sequence[str]) -> list[str]:
    names = ", ".join(quote_identifier(name) for name in columns)
    if load.mode == "merge":
        return [render_merge(target, rows, load.key, columns)]
    if load.mode == "snapshot":
        moment = datetime.now(UTC)
        compared = [name for name in columns if name not in (*load.key, FILE_COLUMN)]
        return [
            render_close_versions(target, rows, load.key, compared, moment),
            render_open_versions(target, rows, load.key, columns, moment),
        ]
    return [f"INSERT INTO {target} ({names}) SELECT {names} FROM {rows}"]
