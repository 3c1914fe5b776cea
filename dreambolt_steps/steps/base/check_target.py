"""Whether a table may be loaded, asked before any work is done for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dreambolt_steps.dry_run import is_preview
from dreambolt_steps.errors import WarehouseError
from dreambolt_steps.session.identity import find_identity
from dreambolt_steps.warehouses.firebolt.settings import is_firebolt, read_settings
from dreambolt_steps.warehouses.load import Load


def check_target(
    target: str | Path,
    table: str,
    *,
    mode: str = "refresh",
    key: Sequence[str] = (),
    session: str | Path | None = None,
) -> None:
    """See that a table can be loaded before work is done for it: the database is one and can be
    written, and the mode may have the table. Nothing is made.

    Call it first in a recipe, as the recipe behind `ingest` does.

    Args:
        target: a DuckDB file, or firebolt://DATABASE.
        table: table or schema.table.
        mode: of the load.
        key: columns that name a row, for merge and snapshot.
        session: the folder of the session that will load; None: the one that is open, if any.

    Raises:
        WarehouseError: no database, not writable, a view, or a table that the mode may not have.
        WarehouseBusyError: the database is open in another process.
        UsageError: an impossible name or mode, or a key that does not go with it.

    Example:
        check_target("out/x.duckdb", "players", session="sessions/players")
    """
    if is_preview():
        return
    folder = session or _find_open_session()
    owner = find_identity(Path(folder).expanduser()) if folder else None
    load = Load(table, "<load id>", mode=mode, key=tuple(key), owner=owner)
    if is_firebolt(target):
        _check_firebolt(str(target), load)
    else:
        _check_duckdb(target, load)


def _find_open_session() -> str | None:
    module: Any = sys.modules.get("datadreamer")
    session = module.DataDreamer if module else None
    if session is None or not session.initialized() or session.is_running_in_memory():
        return None
    return str(session.get_output_folder_path())


def _check_firebolt(target: str, load: Load) -> None:
    from dreambolt_steps.warehouses.firebolt.catalog import find_state
    from dreambolt_steps.warehouses.firebolt.check import open_running
    from dreambolt_steps.warehouses.firebolt.connection import retry
    from dreambolt_steps.warehouses.ownership import check_free

    settings = read_settings(target)
    with retry(lambda: open_running(settings)) as connection:
        state = find_state(connection, load.table, indexes=False, count=True)
    holdings = state.find_holdings()
    if holdings is not None:
        check_free(load, holdings, settings.name)


def _check_duckdb(target: str | Path, load: Load) -> None:
    from dreambolt_steps.warehouses.duckdb.connection import find_path, open_to_read
    from dreambolt_steps.warehouses.duckdb.replace import check_before_work
    from dreambolt_steps.warehouses.sql import quote_table

    path = find_path(target)
    quote_table(load.table)  # raises for what is no name
    if path.exists():
        with open_to_read(path) as connection:
            check_before_work(connection, load, str(path))
    _check_writable(path)


def _check_writable(path: Path) -> None:
    """Raise for a database that can't be written, or made with its folder."""
    there = next(place for place in (path, *path.parents) if place.exists())
    if there != path and not there.is_dir():
        raise WarehouseError(f"the folder of {path} can't be made: {there} is a file")
    for place in {there, path.parent} if there == path else {there}:
        if not os.access(place, os.W_OK):
            raise WarehouseError(f"{path} can't be written; change its permissions or the path")
