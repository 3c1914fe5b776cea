"""Days, moments and times: forms, orders told by evidence, and never another date."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.clean import ColumnPlan, apply_plan, plan_cleaning


def clean(values: list[Any], batch_rows: int = 2, **options: Any) -> tuple[ColumnPlan, list[Any]]:
    table = pa.table({"x": pa.array(values, pa.string())})
    plan = plan_cleaning(lambda: table.to_reader(max_chunksize=batch_rows), **options)
    cleaned = apply_plan(table.to_reader(max_chunksize=batch_rows), plan)
    found = cleaned.reader.read_all().column(0).to_pylist()
    assert cleaned.report().rejected == len(values) - len(found)
    return plan.columns[0], found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2024-02-29", "2024-02-29"),
        ("2024-2-9", "2024-02-09"),
        ("2024/02/29", "2024-02-29"),
        ("2024.02.29", "2024-02-29"),
        ("29 Feb 2024", "2024-02-29"),
        ("1st March 2024", "2024-03-01"),
        ("29-FEB-24", "2024-02-29"),
        ("28-Feb-69", "1969-02-28"),
        ("Sept. 3, 2024", "2024-09-03"),
        ("September 3rd 2024", "2024-09-03"),
        ("Thursday, 29 February 2024", "2024-02-29"),
        ("0001-01-01", "0001-01-01"),
        ("9999-12-31", "9999-12-31"),
        ("2024-02-29T10:00", "2024-02-29 10:00:00"),
        ("2024-02-29 10:00:00.123456", "2024-02-29 10:00:00.123456"),
        ("2024-02-29 10:00:00.1200000", "2024-02-29 10:00:00.120000"),
        ("29 Feb 2024 10:05 pm", "2024-02-29 22:05:00"),
        ("29 Feb 2024, 12:05 a.m.", "2024-02-29 00:05:00"),
        ("2024-02-29T10:00Z", "2024-02-29 10:00:00+00:00"),
        ("2024-02-29T10:00:00+02", "2024-02-29 08:00:00+00:00"),
        ("2024-02-29 10:00:00 -0530", "2024-02-29 15:30:00+00:00"),
        ("Thu, 29 Feb 2024 10:00:00 GMT", "2024-02-29 10:00:00+00:00"),
        ("10:30", "10:30:00"),
        ("3:45:00", "03:45:00"),
        ("3:45 PM", "15:45:00"),
        ("23:59:59.5", "23:59:59.500000"),
    ],
)
def test_forms_without_doubt(text: str, found: str) -> None:
    column, values = clean([text, None, text])
    assert [str(value) for value in values] == [found, "None", found]
    assert {one.code for one in column.decision.warnings} <= {"guessed_century"}


@pytest.mark.parametrize(
    "text",
    [
        *("2023-02-29", "31.04.2024", "30 Feb 2024", "2024-13-01", "00/00/2024"),
        *("0000-01-01", "01/13/0000", "10000-01-01", "-0001-01-01", "29 Feb 2023"),
        *("2024-02-29T24:00", "2024-02-29 10:60", "2024-02-29 13:00 pm", "2024-02-29 10:00:60"),
        *("0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00", "2024-02-29T10:00+25:00"),
        *("13/02-2024", "13/02/20244", "Feb 2024", "29 Fev 2024", "24:00", "10:60", "13:00 pm"),
        *("2024-02-29T10:00:00.1234567", "29/02/2024 10:00:00.0000001"),
    ],
)
def test_what_is_no_moment_is_never_another_one(text: str) -> None:
    assert clean([text])[1] == [text]
    for word in ("date", "timestamp", "timestamptz", "time"):
        column, values = clean([text], types={"x": word}, day_first=True)
        assert values == []
        assert column.type_word == word


DAY_FIRST = ["13/02/2024", "01/02/2024", "5/6/2024"]
MONTH_FIRST = ["02/13/2024", "01/02/2024", "5/6/2024"]
OPEN = ["01/02/2024", "5/6/2024", "12/12/2024"]


@pytest.mark.parametrize("mark", ["/", "-", "."])
@pytest.mark.parametrize("time", ["", " 10:00", " 10:00 pm"])
@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("order", [1, -1])
def test_a_day_beyond_the_twelfth_tells_the_order(
    mark: str, time: str, short: bool, order: int
) -> None:
    def write(days: list[str]) -> list[str]:
        years = [day.replace("/2024", "/64") if short else day for day in days]
        return [day.replace("/", mark) + time for day in years[::order]]

    year = 2064 if short else 2024
    column, values = clean(write(DAY_FIRST))
    days = [(value.year, value.month, value.day) for value in values][::order]
    assert days == [(year, 2, 13), (year, 2, 1), (year, 6, 5)]
    assert column.decision.spelling is not None
    assert column.decision.spelling.day_first is True
    assert "the day comes first" in column.decision.note
    column, values = clean(write(MONTH_FIRST))
    days = [(value.year, value.month, value.day) for value in values][::order]
    assert days == [(year, 2, 13), (year, 1, 2), (year, 5, 6)]
    column, values = clean(write(OPEN))
    assert values == write(OPEN)
    assert [warning.code for warning in column.decision.warnings] == ["open_day_order"]
    assert "day_first={'x': True} or False" in column.decision.explain()


def test_what_is_told_settles_the_order() -> None:
    for told, days in [(True, [(2, 1), (6, 5), (12, 12)]), (False, [(1, 2), (5, 6), (12, 12)])]:
        for argument in (told, {"x": told}, {"*": told}):
            _, values = clean(OPEN, day_first=argument)
            assert [(value.month, value.day) for value in values] == days


def test_what_is_told_is_no_licence_for_other_dates() -> None:
    column, values = clean(DAY_FIRST, day_first=False)
    assert values == DAY_FIRST
    assert column.decision.failures[0].value == "13/02/2024"
    _, values = clean(DAY_FIRST, day_first=False, types={"x": "date"})
    assert values == [dt.date(2024, 1, 2), dt.date(2024, 5, 6)]


def test_days_of_which_both_readings_are_one_are_dates() -> None:
    assert clean(["05/05/2024", "12/12/2024"])[1] == [dt.date(2024, 5, 5), dt.date(2024, 12, 12)]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (["13/02/2024", "02/13/2024"], "mixed_day_orders"),
        (["24-03-15", "24-12-31"], "open_year"),
        (["2024-02-29T10:00Z", "2024-02-29T10:00"], "mixed_offsets"),
        (["2024-02-29T10:00Z", "2024-02-29"], "mixed_offsets"),
        (["2024-02-29 10:00:00.1234567"], "too_fine"),
        (["3:45", "12:10"], "open_time"),
    ],
)
@pytest.mark.parametrize("batch_rows", [1, 2])
def test_doubt_is_told_and_stays_text(values: list[str], code: str, batch_rows: int) -> None:
    column, found = clean(values, batch_rows)
    assert found == values
    assert [warning.code for warning in column.decision.warnings] == [code]
    assert "in row 1" in column.decision.explain()


@pytest.mark.parametrize("values", [OPEN, ["13/02/2024", "02/13/2024"], ["24-03-15"]])
def test_a_date_that_is_asked_for_needs_an_order(values: list[str]) -> None:
    message = r"column 'x' is to be date, but .*; day_first=\{'x': True\} or False settles it"
    with pytest.raises(UsageError, match=message):
        clean(values, types={"x": "date"})


def test_forms_may_be_mixed() -> None:
    _, values = clean(["2024-02-29", "1 March 2024", "13/02/2024", "2024/3/2 10:00"])
    assert [str(value) for value in values] == [
        "2024-02-29 00:00:00",
        "2024-03-01 00:00:00",
        "2024-02-13 00:00:00",
        "2024-03-02 10:00:00",
    ]


def test_compact_days_are_numbers_unless_told() -> None:
    assert clean(["20240229", "20240301"])[1] == [20240229, 20240301]
    asked = {"x": "date"}
    assert clean(["20240229", "2024-03-01"], types=asked)[1] == [
        dt.date(2024, 2, 29),
        dt.date(2024, 3, 1),
    ]


FORMS = {
    "%d/%m/%Y": True,
    "%m-%d-%Y": False,
    "%d.%m.%Y %H:%M:%S.%f": True,
    "%m/%d/%Y %I:%M:%S.%f %p": False,
    "%Y-%m-%dT%H:%M:%S.%f": None,
    "%Y/%m/%d %H:%M:%S.%f": None,
    "%d %b %Y, %H:%M:%S.%f": None,
    "%A, %B %d, %Y %H:%M:%S.%f": None,
}


@settings(max_examples=150)
@given(st.sampled_from(sorted(FORMS)), st.lists(st.datetimes(), min_size=1, max_size=6))
def test_what_python_writes_is_read_again(form: str, moments: list[dt.datetime]) -> None:
    texts = [moment.strftime(form.replace("%Y", f"{moment.year:04}")) for moment in moments]
    _, values = clean(texts, day_first=FORMS[form])
    for moment, value in zip(moments, values, strict=True):
        assert value == (moment if "%H" in form or "%I" in form else moment.date())


@settings(max_examples=100)
@given(st.lists(st.datetimes(), min_size=1, max_size=6), st.integers(-1439, 1439))
def test_offsets_are_taken_into_account(moments: list[dt.datetime], minutes: int) -> None:
    zone = dt.timezone(dt.timedelta(minutes=minutes))
    texts = [moment.replace(tzinfo=zone).isoformat() for moment in moments]
    _, values = clean(texts)
    lowest, highest = dt.datetime.min, dt.datetime.max
    in_range = all(
        lowest - moment <= -dt.timedelta(minutes=minutes) <= highest - moment for moment in moments
    )
    expected = [moment.replace(tzinfo=zone) for moment in moments]
    assert values == (expected if in_range else texts)


def test_a_century_that_is_guessed_is_asked_about() -> None:
    column, values = clean(["9/4/63", "12/25/58"])
    assert values == [dt.date(2063, 9, 4), dt.date(2058, 12, 25)]
    (warning,) = column.decision.warnings
    assert (warning.code, warning.argument) == ("guessed_century", "types={'x': 'text'}")
    assert "'9/4/63' in row 1" in warning.message
    assert clean(["9/4/1963", "12/25/1958"])[0].decision.warnings == ()
