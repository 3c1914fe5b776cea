"""Quality scores, recomputed by hand."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from dreambolt_steps.contracts.breaks import RuleTally
from dreambolt_steps.contracts.contract import Dimension, Mode
from dreambolt_steps.contracts.contract_file import read_contract
from dreambolt_steps.contracts.quality import SourceLosses, score_table
from dreambolt_steps.profiling.history_facts import TableFacts, gather_facts

FACTS = gather_facts(pa.table({"a": [1, 2, 3, None], "b": ["x", "y", "z", "z"]}).to_reader())


def tally(
    column: str | None, dimension: Dimension, breaks: int, mode: Mode = "discard_row"
) -> RuleTally:
    return RuleTally(column, "", mode, dimension, breaks)


def test_without_a_contract_what_is_not_there_counts() -> None:
    quality = score_table(FACTS, 4)
    assert [(one.completeness, one.score) for one in quality.columns] == [(0.75, 75.0), (1, 100.0)]
    assert quality.score == 87.5


def test_a_contract_says_where_null_is_fine() -> None:
    contract = read_contract({"contract": 1, "columns": {"a": None, "b": {"nullable": False}}})
    tallies = [tally("b", "completeness", 4)]
    quality = score_table(FACTS, 8, tallies, contract=contract)
    assert [one.completeness for one in quality.columns] == [1.0, 0.5]
    assert quality.score == 75.0


@pytest.mark.parametrize(
    ("breaks", "mode", "validity"),
    [
        (1, "discard_row", 3 / 4),  # 3 values are left, one was rejected
        (3, "discard_value", 3 / 6),
        (1, "evolve", 2 / 3),  # the one that breaks the promise is still among the 3
        (0, "discard_row", 1.0),
    ],
)
def test_validity(breaks: int, mode: Mode, validity: float) -> None:
    (column, _) = score_table(FACTS, 4, [tally("a", "validity", breaks, mode)]).columns
    assert column.validity == pytest.approx(validity, abs=1e-6)
    assert column.score == pytest.approx(100 * 0.75 * validity, abs=0.05)


def test_values_of_another_type_are_not_valid() -> None:
    (column, _) = score_table(FACTS, 5, mismatches={"a": 1}).columns
    assert column.validity == 0.75


def test_uniqueness_and_consistency_count_where_they_were_asked_for() -> None:
    tallies = [tally("b", "uniqueness", 1), tally("b", "consistency", 0)]
    first, second = score_table(FACTS, 5, tallies).columns
    assert (first.uniqueness, first.consistency) == (None, None)
    assert (second.uniqueness, second.consistency, second.score) == (0.8, 1.0, 80.0)


def test_promises_about_rows_count_for_the_table() -> None:
    quality = score_table(FACTS, 10, [tally("a, b", "uniqueness", 2)])
    assert quality.score == pytest.approx(87.5 * 0.8)


WHOLE = gather_facts(pa.table({"a": [1, 2, 3, 4]}).to_reader())


@pytest.mark.parametrize(
    ("losses", "score"),
    [
        (SourceLosses(rows=4), 100.0),
        (SourceLosses(rows=8, rejected=4), 50.0),
        (SourceLosses(rows=1_000_000, rejected=1), 99.9),  # never rounded up to 100
        (SourceLosses(rows=4, has_left_out=True), 99.9),
        (SourceLosses(rows=4, is_one_column=True), 90.0),
        (SourceLosses(rows=8, rejected=4, is_one_column=True), 50.0),
        (SourceLosses(), 100.0),
    ],
)
def test_a_table_that_lost_rows_before_is_never_perfect(losses: SourceLosses, score: float) -> None:
    assert score_table(WHOLE, 4, losses=losses).score == score


def test_one_value_of_a_million_is_not_rounded_away() -> None:
    facts = TableFacts(1_000_000, (replace(WHOLE.columns[0], nulls=1),))
    assert score_table(facts, 1_000_000).score == 99.9


def test_an_empty_table_has_nothing_wrong() -> None:
    empty = gather_facts(pa.table({"a": pa.array([], pa.int8())}).to_reader())
    assert score_table(empty, 0).score == 100.0
    rejected = score_table(empty, 3, [tally("a", "validity", 3)])
    assert rejected.score == 0.0
