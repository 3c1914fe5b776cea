"""How good a table is, 0 to 100, along the dimensions of data quality that can be measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dreambolt_steps.contracts.breaks import RuleTally
from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.profiling.history_facts import ColumnFacts, TableFacts

MOST_OF_A_PART, MOST_OF_ONE_COLUMN = 99.9, 90.0
"""The highest score where something was lost, however little, and of a delimited file that was read
as a single column."""


@dataclass(frozen=True)
class ColumnQuality:
    """How good a column is; shares from 0 to 1, None where nothing was promised.

    Attributes:
        name: of the column.
        score: 100 times the product of the shares, 0 to 100.
        completeness: values that are there, of all rows; 1 where the contract allows NULL.
        validity: values that are of the type asked for and keep every promise, of all values.
        uniqueness: rows that repeat no earlier one, of all rows.
        consistency: values found in the table they refer to, of all values.
    """

    name: str
    score: float
    completeness: float
    validity: float
    uniqueness: float | None = None
    consistency: float | None = None


@dataclass(frozen=True)
class TableQuality:
    """How good a table is: `score` is the mean of its columns', times the share of its rows that
    break no promise about whole rows."""

    score: float
    columns: tuple[ColumnQuality, ...]

    @staticmethod
    def from_dict(kept: dict[str, Any]) -> TableQuality:
        """From its fields as JSON keeps them.

        Raises: TypeError or KeyError for something else.
        """
        columns = tuple(ColumnQuality(**column) for column in kept["columns"])
        return TableQuality(float(kept["score"]), columns)


@dataclass(frozen=True)
class SourceLosses:
    """What became of a table's rows before it was scored.

    Attributes:
        rows: found in the sources.
        rejected: of them, by the steps before.
        has_left_out: whether other tables of the files were left out.
        is_one_column: whether a delimited file was read as one column.
    """

    rows: int = 0
    rejected: int = 0
    has_left_out: bool = False
    is_one_column: bool = False


def score_table(
    facts: TableFacts,
    rows_in: int,
    tallies: Sequence[RuleTally] = (),
    mismatches: Mapping[str, int] | None = None,
    contract: Contract | None = None,
    losses: SourceLosses | None = None,
) -> TableQuality:
    """Score a table and its columns. Only a table of which nothing was lost has 100; one that was
    read as a single column has 90 at most.

    Args:
        facts: of the table that was handed on.
        rows_in: rows that came in, also those that were rejected.
        tallies: how often each promise was broken.
        mismatches: column -> values that were none of the type asked for.
        contract: of the table; a column it names may be NULL unless it says otherwise.
        losses: before the table came to be cleaned; default: none.

    >>> import pyarrow as pa
    >>> from dreambolt_steps.profiling.history_facts import gather_facts
    >>> facts = gather_facts(pa.table({"n": [1, 2, 3, None]}).to_reader())
    >>> score_table(facts, 4).score
    75.0
    """
    required = {column.name: not column.nullable for column in contract.columns} if contract else {}
    columns = tuple(
        _score_column(
            column,
            facts.rows,
            [tally for tally in tallies if tally.column == column.name],
            (mismatches or {}).get(column.name, 0),
            required.get(column.name),
        )
        for column in facts.columns
    )
    names = {column.name for column in facts.columns}
    broken = sum(tally.breaks for tally in tallies if tally.column not in names)
    mean = sum(column.score for column in columns) / len(columns) if columns else 100.0
    lost = losses or SourceLosses()
    score = mean * _divide(rows_in - broken, rows_in)
    score *= _divide(lost.rows - lost.rejected, lost.rows)
    is_whole = score == 100 and not lost.has_left_out and not lost.rejected
    most = MOST_OF_ONE_COLUMN if lost.is_one_column else 100.0 if is_whole else MOST_OF_A_PART
    return TableQuality(min(round(score, 1), most), columns)


def _score_column(
    facts: ColumnFacts,
    rows: int,
    tallies: Sequence[RuleTally],
    mismatches: int,
    required: bool | None,
) -> ColumnQuality:
    broken: dict[str, int] = {}
    for tally in tallies:
        broken[tally.dimension] = broken.get(tally.dimension, 0) + tally.breaks
    values = rows - facts.nulls
    completeness = 1.0 if required is False else _divide(values, rows)
    if required:
        completeness = _divide(values, values + broken.get("completeness", 0))
    invalid = broken.get("validity", 0) + mismatches
    # values that were discarded are gone from the table; those that were kept are still in it
    kept = sum(t.breaks for t in tallies if t.dimension == "validity" and t.mode == "evolve")
    shares = {
        "completeness": completeness,
        "validity": _divide(values - kept, values - kept + invalid),
        "uniqueness": _share(tallies, "uniqueness", values),
        "consistency": _share(tallies, "consistency", values),
    }
    told = {name: None if share is None else round(share, 6) for name, share in shares.items()}
    score = 100 * math.prod(share for share in shares.values() if share is not None)
    score = score if score == 100 else min(round(score, 1), MOST_OF_A_PART)
    return ColumnQuality(facts.name, score, **told)  # type: ignore[arg-type]


def _share(tallies: Sequence[RuleTally], dimension: str, values: int) -> float | None:
    found = [tally for tally in tallies if tally.dimension == dimension]
    if not found:
        return None
    broken = sum(tally.breaks for tally in found)
    kept = sum(tally.breaks for tally in found if tally.mode == "evolve")
    return _divide(values - kept, values - kept + broken)


def _divide(part: int, whole: int) -> float:
    return max(0.0, min(1.0, part / whole)) if whole > 0 else 1.0
