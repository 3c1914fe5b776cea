"""Words that mean NULL: in numbers and dates they are, in text they are kept and asked about."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from dreambolt_steps.tables.clean import apply_plan, plan_cleaning
from dreambolt_steps.tables.cleaning.column_plan import ColumnPlan

UUID = "7b281bd6-cd58-4db8-9390-599f6fa770cc"


def clean(values: list[Any], **arguments: Any) -> tuple[ColumnPlan, list[Any]]:
    table = pa.table({"x": pa.array(values, pa.string())})
    plan = plan_cleaning(table.to_reader, **arguments)
    return plan.columns[0], apply_plan(table.to_reader(), plan).reader.read_all()["x"].to_pylist()


@pytest.mark.parametrize("word", ["NA", "None", "Null", "NULL", "null", "nan", "NaN", "#NA"])
def test_text_keeps_a_word_and_asks(word: str) -> None:
    column, values = clean(["Windhoek", word, "Lima", word])
    assert values == ["Windhoek", word, "Lima", word]
    (warning,) = column.decision.warnings
    assert warning.message == f"words that may mean NULL are kept: {word!r} 2 times"
    assert warning.argument == f"null_tokens={{'x': ['', {word!r}]}}"
    told = clean(["Windhoek", word, "Lima", word], null_tokens={"x": ["", word]})
    assert told[1] == ["Windhoek", None, "Lima", None]
    assert told[0].decision.explain() == f"read as NULL: {word!r} 2 times"


@pytest.mark.parametrize("word", ["N/A", "n/a", "#N/A", "<NA>", "\\N"])
def test_what_is_no_word_is_null_in_text_and_told(word: str) -> None:
    column, values = clean(["Windhoek", word, ""])
    assert values == ["Windhoek", None, None]
    assert column.decision.null_words == ((word, 1),)
    assert column.decision.nulls == 2


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["1", "\\N", "3"], [1, None, 3]),
        (["1", "NA", "None"], [1, None, None]),
        (["true", "NULL", "false"], [True, None, False]),
        ([UUID, "NULL", UUID], [UUID, None, UUID]),
        (['{"a":1}', "None", "[]"], ['{"a":1}', None, "[]"]),
    ],
)
def test_words_among_values_of_a_kind_are_null_and_told(
    values: list[str], found: list[Any]
) -> None:
    column, clean_values = clean(values)
    assert clean_values == found
    assert dict(column.decision.null_words) == {
        word: values.count(word) for word in values if word in ("NA", "None", "NULL", "\\N")
    }


def test_categories_hold_the_words_that_are_kept() -> None:
    column, _ = clean(["DE", "NA"] * 20)
    assert column.decision.categories == ("DE", "NA")


@pytest.mark.parametrize("word", ["-", "n.a.", "tbd", "?", "keine Angabe", "--"])
def test_the_only_words_among_numbers_are_asked_about(word: str) -> None:
    column, values = clean(["1", word, "3.5", word, "NA"])
    assert values == ["1", word, "3.5", word, "NA"]
    (warning,) = column.decision.warnings
    assert warning.message == f"every value is a number but: {word!r} 2 times"
    assert warning.argument == f"null_tokens={{'x': ['', 'NA', {word!r}]}}"
    _, values = clean(["1", word, "3.5", word, "NA"], null_tokens={"x": ["", "NA", word]})
    assert [None if one is None else float(one) for one in values] == [1, None, 3.5, None, None]


def test_many_words_among_numbers_are_text_and_no_question() -> None:
    column, _ = clean(["1", "2", "3", "4", "5", "6", "one", "two", "three", "four"])
    assert column.decision.warnings == ()


def test_a_column_with_nulls_of_its_own_keeps_its_words_without_a_question() -> None:
    column, values = clean(["a", None, "NA", ""], has_nulls=True)
    assert values == ["a", None, "NA", ""]
    assert column.decision.explain() == ""


def test_a_mask_hides_the_words_too() -> None:
    column, _ = clean(["1", "secret", "3", "NA"], masks={"x": "redact"})
    assert "secret" not in str(column.to_dict())
    assert "NA" not in column.to_dict()["words"]
