"""Rows of an answer meet the rows of the question by a key, or by what they repeat."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambolt_steps.synthesis.row_keys import choose_key, number_rows, pair_rows
from dreambolt_steps.synthesis.row_requests import Slot
from dreambolt_steps.tables.rejects.schema import Reject

SLOTS = [Slot(index, {"name": name}) for index, name in ((4, "a"), (7, "b"), (9, "c"))]


def pair(*rows: Any, slots: list[Slot] = SLOTS, columns: tuple[str, ...] = ("x",)) -> Any:
    """(slot -> row, or its reason; reasons of strangers)."""
    paired = pair_rows(rows, slots, choose_key(slots, columns), columns)
    told = {
        index: row.reason if isinstance(row, Reject) else row for index, row in paired.rows.items()
    }
    return told, [stranger.reason for stranger in paired.strangers]


LEFT_OUT = "the answer holds 2 of 3 rows"


@pytest.mark.parametrize(
    ("rows", "paired", "strangers"),
    [
        ([{"_row": 3, "x": 3}, {"_row": 1, "x": 1}], {4: {"x": 1}, 7: LEFT_OUT, 9: {"x": 3}}, []),
        (
            [{"_row": "3", "x": 3}, {"_row": 1.0, "x": 1}],
            {4: {"x": 1}, 7: LEFT_OUT, 9: {"x": 3}},
            [],
        ),
        (
            [{"_row": 1, "name": "a", "x": 1}, {"name": "c", "x": 3}, {"x": 2}],
            {4: {"x": 1}, 7: LEFT_OUT, 9: {"x": 3}},
            ["it does not say which row it is about (_row is missing)"],
        ),
        (
            [{"_row": 1, "x": 1}, {"_row": 1, "x": 1}, {"_row": 3, "x": 3}, {"_row": 0, "x": 5}],
            {4: {"x": 1}, 7: LEFT_OUT, 9: {"x": 3}},
            ["_row 0 is none of the rows asked about (1 to 3)"],
        ),
        (
            [
                {"_row": 1, "x": 1},
                {"_row": 1, "x": 2},
                "no row",
                {"_row": True},
                {"_row": 3, "x": 3},
            ],
            {4: "the answer holds different rows with _row 1", 7: LEFT_OUT, 9: {"x": 3}},
            ["it is no object", "_row True is none of the rows asked about (1 to 3)"],
        ),
        (
            [{"_row": 1, "name": "b", "x": 1}, {"_row": 2, "x": 2}, {"_row": 3, "x": 3}],
            {4: "name has to be 'a', not 'b'", 7: {"x": 2}, 9: {"x": 3}},
            [],
        ),
    ],
)
def test_rows_are_paired_by_key(rows: Any, paired: Any, strangers: Any) -> None:
    assert pair(*rows) == (paired, strangers)


@given(st.permutations(range(3)), st.sets(st.integers(0, 2)))
def test_neither_order_nor_gaps_shift_a_value(order: list[int], left_out: set[int]) -> None:
    rows = [{"_row": at + 1, "x": at} for at in order if at not in left_out]
    paired, strangers = pair(*rows)
    for at, slot in enumerate(SLOTS):
        assert (paired[slot.index] == {"x": at}) == (at not in left_out)
    assert strangers == []


def test_given_values_are_compared_as_json_can_repeat_them() -> None:
    slots = [
        Slot(0, {"day": date(2020, 1, 2), "price": Decimal("1.50"), "n": 1, "gone": None}),
        Slot(1, {"day": date(2020, 1, 3), "price": Decimal("1.50"), "n": 1, "gone": None}),
    ]
    rows = [
        {"_row": 2, "day": "2020-01-03", "price": "1.50", "n": 1.0, "gone": None, "x": 2},
        {"_row": 1, "day": "2020-01-02", "x": 1},
    ]
    assert pair(*rows, slots=slots) == ({0: {"x": 1}, 1: {"x": 2}}, [])


def test_rows_that_hold_what_was_given_are_found_by_it() -> None:
    slots = [Slot(0, {"team": "Peru"}), Slot(1, {"team": "Italy"}), Slot(2, {"team": "Peru"})]
    columns = ("team", "x")
    assert choose_key(slots, columns) is None
    rows = [{"team": "Italy", "x": 1}, {"team": "Peru", "x": 2}]
    told = "the answer holds 2 of 3 rows"
    assert pair(*rows, slots=slots, columns=columns) == ({0: rows[1], 1: rows[0], 2: told}, [])


def test_a_single_row_needs_no_key_and_several_answers_to_it_are_not_chosen_from() -> None:
    assert choose_key(SLOTS[:1], ["x"]) is None
    assert pair({"x": 1, "name": "a"}, slots=SLOTS[:1]) == ({4: {"x": 1}}, [])
    told = "the answer holds 2 rows, and one was asked for"
    assert pair({"x": 1}, {"x": 2}, slots=SLOTS[:1]) == ({4: told}, [])


def test_the_key_takes_no_name_of_a_column() -> None:
    slots = [Slot(at, {"_row": at, "__row": at}) for at in range(2)]
    key = choose_key(slots, ["x"])
    assert key == "___row"
    shown = number_rows([slot.given for slot in slots], key)
    assert shown[1] == {"___row": 2, "_row": 1, "__row": 1}
