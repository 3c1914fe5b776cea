"""A load as it is asked for, and what is said of it afterwards: the same words for every
warehouse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import get_args

from dreambolt_steps.arguments.warehouse import Mode
from dreambolt_steps.errors import SchemaError, UsageError, WarehouseError
from dreambolt_steps.log import current_run_id
from dreambolt_steps.unknown_names import tell_known

MODES: tuple[str, ...] = get_args(Mode)
KEYED = ("merge", "snapshot")
LEDGER = "_dreambolt_loads"
VALID_FROM, VALID_TO = "valid_from", "valid_to"


@dataclass(frozen=True)
class Owner:
    """The session that makes a load.

    Attributes:
        id: of its folder, which it keeps when it is moved; empty where it has none yet.
        place: host and path of the folder.
    """

    id: str
    place: str

    def is_of(self, other_id: str, other_place: str) -> bool:
        """Whether what another id and place stand for is this session's own: it is the same one, or
        one that was deleted from this very place."""
        return bool(other_id and other_id == self.id) or bool(
            other_place and other_place == self.place
        )


@dataclass(frozen=True)
class Load:
    """One load as it is asked for.

    Args:
        table: table or schema.table.
        load_id: names the load, such as a fingerprint of its files; it is made once.
        mode: create (the table must not exist), refresh (the table is made, or replaced where all
            it holds was loaded by `owner`), replace (whatever it holds), append, merge (rows of
            the same key are updated, others added) or snapshot (the files are all rows there are
            now: versions that are gone or changed get a `valid_to`, new ones a `valid_from`).
        key: columns that name a row, for merge and snapshot.
        evolve: let the table follow the files: columns are added and types widened; a column that
            the files lack becomes NULL. Without it such a load is refused.
        run_id: of the run that makes the load, kept in the metadata of its record.
        owner: the session that makes the load; None: nobody knows, and nothing is its own.

    Raises:
        UsageError: an unknown mode, no id, a key that is missing or not used, or the ledger as
            the table.

    Example:
        Load("players", "2026-01-01", mode="merge", key=("player_id",))
    """

    table: str
    load_id: str
    mode: str = "create"
    key: tuple[str, ...] = ()
    evolve: bool = False
    run_id: str | None = field(default_factory=current_run_id)
    owner: Owner | None = None

    def describe(self, metadata: Mapping[str, str]) -> dict[str, str]:
        """The metadata of the load's record: that of the files, and the id of the run."""
        return {**metadata, **({"run_id": self.run_id} if self.run_id else {})}

    @property
    def replaces(self) -> bool:
        """Whether all rows of the table go."""
        return self.mode in ("replace", "refresh")

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UsageError(
                f"unknown mode {self.mode!r} of a load; {tell_known(self.mode, MODES)}"
            )
        if not self.load_id:
            raise UsageError("a load needs an id, by which it is known later")
        if self.table.rpartition(".")[2].lower() == LEDGER:
            raise UsageError(f"{LEDGER} holds the record of loads; load into another table")
        if self.mode in KEYED and not self.key:
            raise UsageError(f"mode {self.mode} needs the columns that name a row; give a key")
        if self.key and self.mode not in KEYED:
            raise UsageError(f"a key is for the modes {' and '.join(KEYED)}, not for {self.mode}")


@dataclass(frozen=True)
class LoadReceipt:
    """What a load did: `rows` of this load are in the table; `skipped` if they were before.

    `rejected` rows of the files were left out, as far as the load allowed it.
    """

    table: str
    load_id: str
    rows: int
    skipped: bool
    rejected: int = 0


@dataclass(frozen=True)
class LoadRecord:
    """One load that a table still holds; `loaded_at` is UTC, `metadata` that of its files."""

    load_id: str
    mode: str
    rows: int
    loaded_at: datetime
    metadata: dict[str, str]


@dataclass(frozen=True)
class TableDescription:
    """A table: type by column name, number of rows, the loads it is made of, oldest first, and the
    size of each column of vectors."""

    table: str
    columns: dict[str, str]
    rows: int
    loads: tuple[LoadRecord, ...]
    vectors: dict[str, int] = field(default_factory=dict)


def is_made(load: Load, held: list[LoadRecord]) -> bool:
    """Say whether a load has nothing left to do.

    Args:
        load: what is asked for.
        held: the loads that make up the table now, oldest first.

    With append and create it is enough that the table holds the load; replace and refresh ask that
    it holds nothing else, merge and snapshot that no other load came after it.
    """
    ids = [record.load_id for record in held]
    if load.load_id not in ids:
        return False
    if load.replaces:
        return set(ids) == {load.load_id}
    return ids[-1] == load.load_id if load.mode in KEYED else True


def check_follows(load: Load, held: list[LoadRecord], metadata: Mapping[str, str]) -> None:
    """Check that an increment goes where the increments before it went.

    Args:
        load: what is asked for.
        held: the loads that make up the table now.
        metadata: of the files; `source_follows` is the `source_fingerprint` of the increment
            before.

    Raises: WarehouseError when the table lacks it: what was loaded elsewhere, or is gone, would be
        missing for good.
    """
    follows = metadata.get("source_follows")
    if not follows or load.mode == "replace":
        return
    if load.mode in ("snapshot", "refresh"):
        raise WarehouseError(
            f"these files hold new rows only, and mode {load.mode} of table {load.table} takes what"
            " is not in them for gone; load with only='all', or use mode merge or append"
        )
    if any(record.metadata.get("source_follows") == follows for record in held):
        raise WarehouseError(
            f"table {load.table} holds the new rows of a run that was interrupted, and these would"
            " hold some of them again; finish that run first: leave --fresh out"
        )
    if all(record.metadata.get("source_fingerprint") != follows for record in held):
        raise WarehouseError(
            f"these files hold new rows only, and table {load.table} does not hold the ones before;"
            " load the whole source: name another --session, or use mode replace with only='all'"
        )


def refuse_existing(table: str, where: str) -> WarehouseError:
    """The error of mode create for a table that is there, and not of this load."""
    return WarehouseError(
        f"table {table} exists in {where} and is not of this load; use mode replace or append, or"
        " another table"
    )


def refuse_history(table: str) -> SchemaError:
    """The error of mode snapshot for a table that keeps no history."""
    return SchemaError(
        f"table {table} has no columns {VALID_FROM} and {VALID_TO}, so it keeps no history; load"
        " into another table with mode snapshot"
    )


def refuse_count(
    table: str, written: int, expected: int, what: str = "files", reasons: Sequence[str] = ()
) -> WarehouseError:
    """The error for rows that came in and are not as many as the files hold.

    Args:
        table: where they came into.
        written: how many came.
        expected: how many the files hold.
        what: where from.
        reasons: what the warehouse says of rows or files that it left out.
    """
    told = f"{written:,} rows came into table {table} from {what} that hold {expected:,}"
    if reasons:
        return WarehouseError(f"{told}: {reasons[0]}; nothing was loaded; correct it and run again")
    return WarehouseError(
        f"{told}; nothing was loaded; were the files changed meanwhile? export them again"
    )


def refuse_key(table: str, key: tuple[str, ...], values: list[object], count: int) -> SchemaError:
    """The error for a key that names no row, or several."""
    told = ", ".join(f"{name} = {value!r}" for name, value in zip(key, values, strict=True))
    why = "is NULL in" if None in values else "names"
    return SchemaError(
        f"the key of table {table} ({told}) {why} {count:,} rows of the files; a key names one row:"
        " choose other columns, or drop the duplicates before exporting"
    )


def check_key(load: Load, columns: list[str], fold: Callable[[str], str] = str) -> Load:
    """Check the columns of files against what a keyed load needs.

    Args:
        load: what is asked for.
        columns: of the files.
        fold: makes names alike that are one to the warehouse; by default none are.

    Returns: the load, its key by the names in the files.
    Raises:
        SchemaError: a key column is missing, or a column is named as those of the history.
    """
    by_name = {fold(column): column for column in columns}
    for name in load.key:
        if fold(name) not in by_name:
            raise SchemaError(
                f"the key column {name!r} of table {load.table} is not in the files; they have "
                f"{', '.join(columns)}"
            )
    taken = {VALID_FROM, VALID_TO} & set(by_name) if load.mode == "snapshot" else set()
    if taken:
        raise SchemaError(
            f"column {by_name[sorted(taken)[0]]!r} of table {load.table} is named as a column of"
            " the history that mode snapshot keeps; rename it before exporting"
        )
    return replace(load, key=tuple(dict.fromkeys(by_name[fold(name)] for name in load.key)))
