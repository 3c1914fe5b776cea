"""The columns of a table against those of its contract, before any row is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from dreambolt_steps.contracts.contract import ColumnContract, Contract, Mode
from dreambolt_steps.errors import ContractError

ON_MISMATCH: dict[Mode, str] = {
    "evolve": "widen",
    "freeze": "raise",
    "discard_row": "reject",
    "discard_value": "null",
}
"""Mode of `data_type` -> what the cleaning does with a value that is none of the type."""


@dataclass(frozen=True)
class SchemaPlan:
    """What has to become of a table's columns.

    Attributes:
        types: column -> word of the type promised, for columns that are there.
        on_mismatch: column -> what the cleaning does with values of another type.
        drop: columns that the contract does not name and whose values are discarded.
        reject_new: columns that the contract does not name; rows with a value there are rejected,
            then the column is dropped.
        add: columns that are missing and become NULL.
        reject_all: column (None: the whole row) and reason for which every row is rejected.
        is_other_table: none of the contract's columns is there, so that nothing else holds.
        notes: what a reader wants to know.
    """

    types: dict[str, str]
    on_mismatch: dict[str, str]
    drop: tuple[str, ...] = ()
    reject_new: tuple[str, ...] = ()
    add: tuple[pa.Field, ...] = ()
    reject_all: tuple[tuple[str | None, str], ...] = ()
    is_other_table: bool = False
    notes: tuple[str, ...] = ()


def compare_columns(contract: Contract, names: Sequence[str]) -> SchemaPlan:
    """Compare a table's columns with the contract's.

    Args:
        contract: of the table.
        names: the table's columns, by their clean names.

    Returns: what has to become of them.
    Raises: ContractError where a column is new or missing, or the table another one, and the mode
        is freeze.

    >>> from dreambolt_steps.contracts.contract_file import read_contract
    >>> contract = read_contract({"contract": 1, "columns": {"n": {"type": "int8"}}})
    >>> compare_columns(contract, ["m"]).is_other_table
    True
    """
    promised = {column.name: column for column in contract.columns}
    there = [name for name in names if name in promised]
    if promised and not there:
        return _take_other_table(contract, names)
    types = {name: promised[name].type_word for name in there if promised[name].type is not None}
    mismatch = {name: _choose_mismatch(promised[name]) for name in types}
    new = [name for name in names if name not in promised]
    mode, notes = contract.modes.columns, []
    if new and mode == "freeze":
        raise ContractError(
            f"{contract.origin} freezes columns, and the table has {_list(new)} more: name "
            f"{'it' if len(new) == 1 else 'them'} in the contract, or take it out of the table",
            column=new[0],
        )
    if new and mode == "evolve":
        notes.append(f"not in the contract: {_list(new)}")
    missing = [column for column in contract.columns if column.name not in names]
    reject_all = []
    for column in missing:
        words = f"column {column.name} is missing"
        if not column.nullable and column.modes.columns == "freeze":
            raise ContractError(
                f"{contract.origin} freezes columns, and {column.name!r}, which must not be NULL, "
                f"is missing; there are {', '.join(names)}",
                column=column.name,
            )
        if not column.nullable and column.modes.columns == "discard_row":
            reject_all.append((column.name, f"{words}, and must not be NULL"))
        notes.append(f"{words}: added, all NULL")
    return SchemaPlan(
        types,
        mismatch,
        drop=tuple(new) if mode == "discard_value" else (),
        reject_new=tuple(new) if mode == "discard_row" else (),
        add=tuple(pa.field(column.name, column.type or pa.string()) for column in missing),
        reject_all=tuple(reject_all),
        notes=tuple(notes),
    )


def _choose_mismatch(column: ColumnContract) -> str:
    """A value can't be put to NULL in a column that must not be NULL: its row is rejected."""
    mode = column.modes.data_type
    return ON_MISMATCH["discard_row" if mode == "discard_value" and not column.nullable else mode]


def _take_other_table(contract: Contract, names: Sequence[str]) -> SchemaPlan:
    words = "none of the contract's columns is in the table"
    if contract.modes.tables == "freeze":
        known = _list([column.name for column in contract.columns])
        raise ContractError(
            f"{contract.origin} freezes tables, and {words}: it has {_list(names)}, "
            f"the contract {known}"
        )
    evolves = contract.modes.tables == "evolve"
    return SchemaPlan(
        {},
        {},
        reject_all=() if evolves else ((None, words),),
        is_other_table=True,
        notes=(f"{words}; it is taken as it is",) if evolves else (),
    )


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:5]))
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5:,} others"
