"""Whose rows a table holds, and whether a session may replace them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dreambolt_steps.errors import WarehouseError
from dreambolt_steps.warehouses.load import VALID_FROM, VALID_TO, Load, LoadRecord, refuse_existing
from dreambolt_steps.warehouses.type_fit import fold_name

_ID, _PLACE, _COLUMNS = "session.id", "session.place", "table.columns"
# What loads add to the columns of their files.
_ADDED = {VALID_FROM, VALID_TO, "_dreambolt_file"}


@dataclass(frozen=True)
class Holdings:
    """What a table holds.

    Attributes:
        rows: how many, whoever brought them.
        columns: their names.
        loads: that the ledger knows of, oldest first.
    """

    rows: int
    columns: tuple[str, ...]
    loads: tuple[LoadRecord, ...]


@dataclass(frozen=True)
class Strangers:
    """What a session did not bring into a table: how many `rows`, and `why` they are not its
    own."""

    rows: int
    why: str


def describe_load(
    load: Load, metadata: Mapping[str, str], columns: Iterable[str]
) -> dict[str, str]:
    """The metadata of the record of a load: that of its files, the session that makes it, and the
    columns it brings."""
    told = {**load.describe(metadata), _COLUMNS: json.dumps(list(columns), ensure_ascii=False)}
    if load.owner is not None:
        told |= {_ID: load.owner.id, _PLACE: load.owner.place}
    return told


def find_strangers(load: Load, holdings: Holdings) -> Strangers | None:
    """Find what is in a table that the session of a load did not bring; None: nothing.

    A load is of the session if it has its id, or was made at its place, where the session that made
    it is gone.
    """
    loads, rows = holdings.loads, holdings.rows
    if not loads:
        return Strangers(rows, "no load brought it")
    others = [record for record in loads if not is_own(load, record)]
    if others:
        own = sum(record.rows for record in loads if record not in others)
        return Strangers(max(rows - own, 0), _tell_maker(others[-1].metadata))
    extra = rows - sum(record.rows for record in loads)
    if extra > 0:
        return Strangers(extra, "no load brought them")
    changed = _find_changed(holdings)
    if changed:
        names = ", ".join(map(repr, changed))
        return Strangers(
            rows, f"its {_name_columns(changed)} {names} came or went since it was loaded"
        )
    return None


def check_free(load: Load, holdings: Holdings, where: str) -> None:
    """Check, before any work is done, that a table may be created or refreshed by a session.

    Raises: WarehouseError as `check_owned`, and for mode create where the session has not made the
        table itself: whether it is of this very load is known later.
    """
    check_owned(load, holdings, where)
    if load.mode == "create" and find_strangers(load, holdings) is not None:
        raise refuse_existing(load.table, where)


def check_owned(load: Load, holdings: Holdings, where: str) -> None:
    """Check that mode refresh replaces nothing but what the session of the load brought.

    Args:
        load: what is asked for; every mode but refresh passes.
        holdings: what the table holds.
        where: the warehouse, for the error.

    Raises: WarehouseError says what is not the session's own, and how to go on.
    """
    strangers = find_strangers(load, holdings) if load.mode == "refresh" else None
    if strangers is None:
        return
    raise WarehouseError(
        f"table {load.table} in {where} holds {_count(strangers.rows)} that this session did not"
        f" load ({strangers.why}), so it is left as it is; name another table, or say --mode"
        " replace (in Python mode 'replace') to replace it all the same, or append to add to it"
    )


def tell_replacement(
    load: Load, holdings: Holdings, columns: Iterable[str], further: Sequence[str] = ()
) -> list[str]:
    """Sentences on what goes for good when a load replaces a table; none where nothing but the
    session's own rows do.

    Args:
        load: what is asked for.
        holdings: what the table holds.
        columns: of the files.
        further: what else goes, such as `index i`.
    """
    told = []
    strangers = find_strangers(load, holdings)
    if strangers is not None:
        told.append(
            f"{_count(strangers.rows)} of table {load.table} that this session did not load"
            f" ({strangers.why})"
        )
    kept = {fold_name(name) for name in columns}
    lost = [n for n in holdings.columns if fold_name(n) not in kept and n != "_dreambolt_file"]
    if lost:
        told.append(
            f"{_name_columns(lost)} {', '.join(map(repr, lost))} of table {load.table}, which the"
            " files do not have"
        )
    return told + [f"{one} of table {load.table}" for one in further]


def is_own(load: Load, record: LoadRecord) -> bool:
    """Whether a load that was made is of the session that asks for another."""
    if load.owner is None:
        return False
    return load.owner.is_of(record.metadata.get(_ID, ""), record.metadata.get(_PLACE, ""))


def _tell_maker(metadata: Mapping[str, str]) -> str:
    place = metadata.get(_PLACE)
    return f"session {place} did" if place else "who loaded it is not recorded"


def _find_changed(holdings: Holdings) -> list[str]:
    """Columns that somebody added to a table or took away after it was loaded, or made anew under
    its name."""
    told = [record.metadata.get(_COLUMNS) for record in holdings.loads]
    if not all(told):
        return []
    brought = {fold_name(name): name for text in told for name in json.loads(text or "[]")}
    there = {fold_name(name): name for name in holdings.columns}
    changed = (there.keys() ^ brought.keys()) - _ADDED
    return [name for key, name in (brought | there).items() if key in changed]


def _name_columns(names: Sequence[str]) -> str:
    return "column" if len(names) == 1 else "columns"


def _count(rows: int) -> str:
    return f"{rows:,} row{'' if rows == 1 else 's'}"
