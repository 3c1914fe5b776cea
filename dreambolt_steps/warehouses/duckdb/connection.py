"""DuckDB database files: opened, closed, and their failures said in one line."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from dreambolt_steps.errors import (
    DreamboltError,
    UnknownTableError,
    UsageError,
    WarehouseBusyError,
    WarehouseError,
)
from dreambolt_steps.local_path import read_local_path

# DuckDB would take 80 % of all memory, to no gain: loads of vectors are as quick within this.
LOAD_MEMORY = "768MiB"
_SCHEME = "duckdb:"
_NO_DATABASE = ("not a valid DuckDB database", "Is a directory")
_FULL = ("No space left on device", "File too large", "Disk quota exceeded")
_FORBIDDEN = ("Permission denied", "Read-only file system")
# A read-only connection still writes files (COPY .. TO, ATTACH), unless they are out of its reach.
_READING = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "lock_configuration": "true",
}


@contextmanager
def open_to_write(database: str | Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database file, made with its folder if missing, in one transaction.

    The transaction is committed at the end of the block, or rolled back by an error. A file that
    this call made is removed again if the block fails, unless it holds tables by then.

    Raises:
        WarehouseError: it is no DuckDB file, can't be written, or the disk is full.
        WarehouseBusyError: another process has it open.
        UsageError: the name is no path.

    Example:
        with open_to_write("out/players.duckdb") as connection:
            connection.execute("CREATE TABLE t (a INTEGER)")
    """
    path = find_path(database)
    _check_content(path)
    new = not path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(f"the folder of {path} can't be made: {error.strerror}") from error
    with _explain_errors(path):
        try:
            with _transact(path) as connection:
                yield connection
        except BaseException:
            if new:
                _remove_empty(path)
            raise


@contextmanager
def open_to_read(database: str | Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database file so that no statement can write, to it or to any other file.

    Raises:
        WarehouseError: the file is missing, no DuckDB file, or a statement failed.
        WarehouseBusyError: another process has it open to write.

    Example:
        with open_to_read("out/players.duckdb") as connection:
            connection.sql("SELECT 1").fetchall()
    """
    path = find_path(database)
    if not path.exists():
        raise UnknownTableError(
            f"{path} does not exist; load a table into it first, or check the path"
        )
    _check_content(path)
    with _explain_errors(path):
        connection = duckdb.connect(str(path), read_only=True, config=dict(_READING))
        try:
            yield connection
        finally:
            connection.close()


def find_path(database: str | Path) -> Path:
    """Make the absolute path of a database file.

    `~` is a home. `duckdb:///x` is the path x, and `duckdb:////x` is /x, as in other tools.

    Raises:
        UsageError: an empty name, `:memory:`, or a URI of another scheme.

    >>> find_path("duckdb:////out/x.duckdb").as_posix()
    '/out/x.duckdb'
    """
    text = str(database)
    if text == ":memory:":
        raise UsageError(f"{text!r} is no database file; give a path such as out/x.duckdb")
    if text.startswith(_SCHEME):
        text = text.removeprefix(_SCHEME)
        if "?" in text:
            raise UsageError(
                f"{str(database)!r}: options of a database can't be set; leave out ?.."
            )
        text = text.removeprefix("///") if text.startswith("///") else text.removeprefix("//")
    hint = " a target is a DuckDB file, or firebolt://DATABASE"
    path = read_local_path(text, "a database file", hint).absolute()
    if "?" in str(path):  # DuckDB 2.0 keeps its log beside what stands before the sign
        raise UsageError(f"{path}: DuckDB keeps no database in a path with ?; give one without")
    return path


def _check_content(path: Path) -> None:
    """Refuse what is no DuckDB database: DuckDB itself takes a CSV file for one that is empty."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except FileNotFoundError:
        return
    except OSError as error:
        if isinstance(error, IsADirectoryError):
            raise WarehouseError(
                f"{path} is a folder, which is no DuckDB database; name a file in it"
            ) from error
        if isinstance(error, NotADirectoryError):
            return  # its folder can't be made, which is told later
        raise WarehouseError(
            f"{path} can't be read: {error.strerror}; change its permissions or the path"
        ) from error
    if head[8:] != b"DUCK":
        raise WarehouseError(f"{path} is no DuckDB database; give another path")


@contextmanager
def _transact(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(str(path))
    _remove_spill(path)  # of a killed run: nobody else is in the database now
    limit = connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
    try:
        connection.execute("SET memory_limit = $limit", {"limit": LOAD_MEMORY})
        # DuckDB 2.0 draws one on stdout where Python has no script. In a notebook that lacks
        # ipywidgets there is none, and turning it off fails.
        draws = "SELECT current_setting('enable_progress_bar')"
        if connection.execute(draws).fetchall()[0][0]:
            connection.execute("SET enable_progress_bar = false")
        connection.execute("BEGIN TRANSACTION")
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.Error):  # after a failed write the database may be out of use
            connection.execute("ROLLBACK")
        raise
    finally:
        with suppress(duckdb.Error):  # a connection of the same process may share the setting
            connection.execute("SET memory_limit = $limit", {"limit": limit})
        connection.close()
        with suppress(OSError):  # DuckDB 2.0 leaves the folder of its spill files behind
            _name_spill(path).rmdir()


def _name_spill(path: Path) -> Path:
    return path.with_name(path.name + ".tmp")


def _remove_spill(path: Path) -> None:
    """Remove what a killed process spilled; DuckDB itself does so only when it spills again."""
    for file in _name_spill(path).glob("duckdb_temp_*"):
        file.unlink(missing_ok=True)


def _remove_empty(path: Path) -> None:
    """Remove a database that no table came into, or that could not even be begun."""
    with suppress(OSError):
        try:
            with duckdb.connect(str(path)) as connection:
                if not connection.execute("SELECT 1 FROM duckdb_tables() LIMIT 1").fetchall():
                    path.unlink()  # while its lock is held: nobody else is in it
        except duckdb.Error as error:
            if any(sign in str(error) for sign in _NO_DATABASE):
                path.unlink()


@contextmanager
def _explain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise _explain(error, path) from error


def _explain(error: duckdb.Error, path: Path) -> DreamboltError:
    text = str(error)
    if "Could not set lock" in text:
        holder = re.search(r"held in (.+?\(PID \d+\))", text)
        return WarehouseBusyError(
            f"{path} is open in another process{': ' + holder[1] if holder else ''}; "
            "close it there and run again"
        )
    if isinstance(error, duckdb.ConnectionException) and "different configuration" in text:
        return WarehouseBusyError(
            f"{path} is open in this process already; close that connection and try again"
        )
    if any(sign in text for sign in _NO_DATABASE):
        return WarehouseError(f"{path} is no DuckDB database; give another path")
    if any(sign in text for sign in _FULL):
        free = shutil.disk_usage(path.parent).free / 2**20
        return WarehouseError(
            f"the disk of {path} is full ({free:,.1f} MiB free); nothing was loaded; free"
            " some space or give a path on another disk"
        )
    if isinstance(error, duckdb.TransactionException):
        return WarehouseBusyError(f"{path} was changed by somebody else meanwhile; run again")
    if any(sign in text for sign in _FORBIDDEN):
        return WarehouseError(f"{path} can't be written; change its permissions or the path")
    if "read-only mode" in text or "disabled by configuration" in text or "been locked" in text:
        first = _tell_reason(text)
        return WarehouseError(f"a query only reads {path}, and no other file: {first}")
    return WarehouseError(f"{path}: {_tell_reason(text)}")


def _tell_reason(text: str) -> str:
    """What went wrong and DuckDB's hints on it, without the statement that it repeats."""
    told = re.split(r"\n\s*\n?LINE \d+:", text.strip())[0]
    return " ".join(told.split()) or "unknown error"
