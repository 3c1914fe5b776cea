"""What `diff` compares: results of steps, exported files, tables in DuckDB, or any file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from dreambolt_steps.cli.find_session import find_session
from dreambolt_steps.errors import UnknownNameError, UnknownTableError, UsageError
from dreambolt_steps.session.session_store import is_session
from dreambolt_steps.session.step_cache import BACKUPS, read_step_file
from dreambolt_steps.tables.arrow_stream import open_stream
from dreambolt_steps.tables.sql import quote_literal
from dreambolt_steps.unknown_names import tell_known
from dreambolt_steps.warehouses.sql import quote_table

_NO_TABLES = (
    "ExportParquet",
    "FindParquet",
    "AssessSynthesis",
    "CopyIntoDuckDB",
    "CopyIntoFirebolt",
)
_DATABASES = (".duckdb", ".db", ".ddb")


@dataclass(frozen=True)
class Side:
    """One of the two tables.

    Attributes:
        name: for people.
        load: makes it a table of that name on a connection.
    """

    name: str
    load: Callable[[duckdb.DuckDBPyConnection, str], None]


def find_sides(first: str | None, second: str | None, step: str | None) -> tuple[Side, Side]:
    """What is compared: two things that are named, or the last two results of one session.

    Args:
        first, second: sessions, files or folders of files, or `FILE.duckdb:TABLE`; without
            `second` the result before the last one of a session, and the last one.
        step: of sessions; None for the last step that hands on rows.

    Raises: UnknownNameError: there is no such thing.
    """
    if second is None:
        session = find_session(first)
        folder = _find_step(session, step)
        older = _find_older(session, folder)
        return _open_result(older, "before"), _open_result(folder, "now")
    return _find_side(first or "", step), _find_side(second, step)


def _find_side(name: str, step: str | None) -> Side:
    base, colon, table = name.partition(".duckdb:")
    database = Path(f"{base}.duckdb" if colon else name).expanduser()
    if database.suffix in _DATABASES and database.is_file():
        return _open_table(database, table or None)
    if is_session(Path(name)) or is_session(Path("sessions", name)):
        session = find_session(name)
        return _open_result(_find_step(session, step), "now")
    return _open_files(name)


def _find_step(session: Path, step: str | None) -> Path:
    """The folder of a step: the one that is named, or the last that hands on rows."""
    found: dict[str, tuple[str, Path]] = {}
    for file in sorted(session.glob("**/step.json")):
        told = read_step_file(file.parent)
        if told is not None and BACKUPS not in file.relative_to(session).parts:
            is_table = step is not None or told.get("type") not in _NO_TABLES
            if is_table:
                found[str(told.get("name"))] = (str(told.get("datetime")), file.parent)
    if step is not None and step not in found:
        raise UnknownNameError(f"--step {step}: no step of {session}; {tell_known(step, found)}")
    if not found:
        raise UnknownNameError(f"{session} has no finished step that hands on rows")
    return found[step][1] if step is not None else max(found.values())[1]


def _find_older(session: Path, folder: Path) -> Path:
    """The result of a step before its last one.

    Raises: UnknownNameError: the session keeps none; it names the steps of which it does.
    """
    backups = session / BACKUPS
    older = [
        (str(told["datetime"]), file.parent)
        for file in (backups / folder.relative_to(session)).glob("*/step.json")
        if (told := read_step_file(file.parent)) is not None
    ]
    if older:
        return max(older)[1]
    others = {
        str(told.get("name"))
        for file in backups.glob("**/step.json")
        if (told := read_step_file(file.parent)) and told.get("type") not in _NO_TABLES
    }
    hint = (
        f"--step names another: {', '.join(sorted(others))}"
        if others
        else ("an input that changed and another run make one; two things are compared as diff A B")
    )
    raise UnknownNameError(f"{folder} has no earlier result to compare with; {hint}")


def _open_result(folder: Path, which: str) -> Side:
    told = read_step_file(folder) or {}
    when = str(told.get("datetime", ""))[:19].replace("T", " ")
    state = json.loads((folder / "_dataset" / "state.json").read_text(encoding="utf-8"))
    files = [folder / "_dataset" / entry["filename"] for entry in state["_data_files"]]

    def load(connection: duckdb.DuckDBPyConnection, table: str) -> None:
        for at, file in enumerate(files):
            _insert(connection, table, open_stream(file), is_first=at == 0)

    place = folder.parent.parent.parent if BACKUPS in folder.parts else folder.parent
    return Side(f"{told.get('name', folder.name)} of {place}, {which} ({when})", load)


def _open_table(database: Path, table: str | None) -> Side:
    from dreambolt_steps.warehouses.duckdb.warehouse import DuckDBWarehouse

    tables = DuckDBWarehouse(database).list_tables()
    if table is None and len(tables) != 1:
        there = ", ".join(tables) or "none"
        raise UsageError(f"{database}: name the table, as {database}:TABLE; there are {there}")
    chosen = table or tables[0]
    if chosen not in tables:
        raise UnknownTableError(f"no table {chosen} in {database}; {tell_known(chosen, tables)}")

    def load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
        connection.execute(f"ATTACH {quote_literal(str(database))} AS other (READ_ONLY)")
        connection.execute(f"CREATE TABLE {name} AS FROM other.{quote_table(chosen)}")
        connection.execute("DETACH other")

    return Side(f"{chosen} in {database}", load)


def _open_files(name: str) -> Side:
    from dreambolt_steps.readers.table.read import read_table
    from dreambolt_steps.sources.fetch import fetch_file
    from dreambolt_steps.sources.source import resolve_source
    from dreambolt_steps.tables.naming import clean_names

    files = resolve_source(name)

    def load(connection: duckdb.DuckDBPyConnection, table: str) -> None:
        with TemporaryDirectory(prefix="dreambolt-") as folder:
            paths = [fetch_file(file, folder) for file in files]
            read = read_table(paths, sources=files, spool=folder)
            names = clean_names(read.reader.schema.names)  # as they are in every cleaned table
            schema = pa.schema(
                [field.with_name(to) for field, to in zip(read.reader.schema, names, strict=True)]
            )
            renamed = (batch.rename_columns(names) for batch in read.reader)
            reader = pa.RecordBatchReader.from_batches(schema, renamed)
            _insert(connection, table, reader, is_first=True)

    return Side(name, load)


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    reader: pa.RecordBatchReader,
    *,
    is_first: bool,
) -> None:
    connection.register("incoming", reader)
    made = f"CREATE TABLE {table} AS" if is_first else f"INSERT INTO {table}"
    connection.execute(f"{made} FROM incoming")
    connection.unregister("incoming")
