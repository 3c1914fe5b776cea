"""Types found over all rows: what each column becomes, and that no value ever changes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.tables.clean import apply_plan, plan_cleaning
from dreambolt_steps.tables.decision import ColumnDecision, Spelling
from dreambolt_steps.tables.inference.infer import infer_types
from dreambolt_steps.tables.text.blanks import NULL_TOKENS, TEXT_NULL_TOKENS

UUID = "f47ac10b-58cc-4372-a567-0e02b2c3d479"


def infer(values: list[str | None], batch_rows: int = 2, **options: Any) -> ColumnDecision:
    table = pa.table({"x": pa.array(values, pa.string())})
    reader = lambda: pa.RecordBatchReader.from_batches(  # noqa: E731
        table.schema, table.to_batches(max_chunksize=batch_rows)
    )
    return plan_cleaning(reader, **options).columns[0].decision


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["1", "2"], "int8"),
        (["-128", "127"], "int8"),
        (["128", "0"], "int16"),
        (["-32769", "0"], "int32"),
        (["2147483648"], "int64"),
        (["9223372036854775807", "-9223372036854775808"], "int64"),
        (["9223372036854775808"], "decimal128(38, 0)"),
        (["9" * 38, "-1"], "decimal128(38, 0)"),
        (["9" * 39], "string"),
        (["1.5", "2", "-0.25"], "decimal128(3, 2)"),
        ([".5", "-.25"], "decimal128(3, 2)"),
        (["1" * 30 + ".5", "0." + "1" * 9], "string"),
        (["1e3", "2.5"], "double"),
        (["1e3", "12345678901234567"], "string"),
        (["1e999"], "string"),
        (["1e-320", "1"], "string"),
        (["-", "1"], "string"),
        (["-.", "1"], "string"),
        (["5.", "1"], "string"),
        (["1.2.3", "1"], "string"),
        (["1-2", "1"], "string"),
        (["true", "FALSE", ""], "bool"),
        (["yes", "no"], "bool"),
        (["no", "no"], "string"),
        (["yes", "false"], "string"),
        (["0", "1"], "int8"),
        (["t", "f"], "string"),
        (["007", "12"], "string"),
        (["-007", "12"], "string"),
        (["+49", "12"], "string"),
        (["1_000"], "string"),
        (["0x10"], "string"),
        (["inf", "1"], "double"),
        (["-Infinity", "2.5"], "double"),
        (["inf", "12345678901234567"], "string"),
        (["inf", "-inf"], "string"),
        (["NaN", "1"], "int8"),
        (["a", "1"], "string"),
        ([" 1", "2 ", "\u00a03"], "int8"),
        (["\u200b1", "2"], "string"),
        (["١", "2"], "string"),
        (["", "NA", None], "string"),
        ([], "string"),
    ],
)
def test_types(values: list[str | None], found: str) -> None:
    assert str(infer(values).type) == found


@pytest.mark.parametrize(
    ("values", "found", "spelling"),
    [
        (["590.549", "1.045.246", "12"], "int32", Spelling(".", ",")),
        (["-590.549", "-1.045.246"], "int32", Spelling(".", ",")),
        (["1.234,5", "12"], "decimal128(5, 1)", Spelling(".", ",")),
        (["1,5", "2"], "decimal128(2, 1)", Spelling(None, ",")),
        (["1,5", "1.234"], "decimal128(5, 1)", Spelling(".", ",")),
        (["1,234.5", "1234.5"], "decimal128(5, 1)", Spelling(",")),
        (["1,234,567", "1"], "int32", Spelling(",")),
        (["1,234,567", "1.5"], "decimal128(8, 1)", Spelling(",")),
        (["-1,234,567", "7"], "int32", Spelling(",")),
        (["1 234,5", "7"], "decimal128(5, 1)", Spelling(" ", ",")),
        (["1 234", "12 345"], "int16", Spelling(" ")),
        (["1\u202f234", "999"], "int16", Spelling("\u202f")),
        (["1\u00a0234,50", "9,10"], "decimal128(6, 2)", Spelling("\u00a0", ",")),
        (["1'234.50", "2"], "decimal128(6, 2)", Spelling("'")),
        (["1’234", "2"], "int16", Spelling("’")),
        # A zero, or a value of another length, tells that a point stands before decimals.
        (["590.549", "434.500", "0.125"], "decimal128(6, 3)", None),
        (["590.549", "434.500", "1.5"], "decimal128(6, 3)", None),
        (["590.549", "4444"], "decimal128(7, 3)", None),
        (["590.549", "4444.125"], "decimal128(7, 3)", None),
        (["-0.500", "590.549"], "decimal128(6, 3)", None),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("batch_rows", [1, 10])
def test_separators_are_found_by_evidence(
    values: list[str], found: str, spelling: Spelling | None, order: int, batch_rows: int
) -> None:
    decision = infer(values[::order], batch_rows)
    assert (str(decision.type), decision.spelling) == (found, spelling)
    assert decision.warnings == ()
    assert bool(decision.note) == (spelling is not None)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (["590.549", "434.500", "12"], "open_separator"),
        (["1,234", "2,345"], "open_separator"),
        (["1,234", "1234"], "open_separator"),
        (["1,234", "1.234"], "open_separator"),
        (["1.5", "1,5"], "mixed_decimals"),
        (["1,234,567", "1.234.567"], "mixed_decimals"),
        (["1 234", "1'234"], "mixed_thousands"),
        (["601 234 567", "602 333 111"], "codes_or_numbers"),
        (["9" * 39, "1"], "too_many_digits"),
        (["1" * 30 + ".5", "0." + "1" * 9], "too_many_digits"),
        (["1e3", "12345678901234567"], "too_many_digits"),
        (["$1,200.50", "$5"], "looks_like"),
        (["12 EUR", "7 EUR"], "looks_like"),
        (["5%", "7,5 %"], "looks_like"),
    ],
)
def test_what_has_two_readings_stays_text_with_a_warning(values: list[str], code: str) -> None:
    decision = infer(values, 10)
    assert decision.type == pa.string()
    (warning,) = decision.warnings
    assert warning.code == code
    assert "digits together" in warning.message or any(
        f"{value!r} in row" in warning.message for value in values
    )


@pytest.mark.parametrize(
    ("values", "options", "found", "printed"),
    [
        (["1,234", "2,345"], {"decimal_separator": "."}, "int16", ["1234", "2345"]),
        (["1,234", "2,345"], {"decimal_separator": ","}, "decimal128(4, 3)", ["1.234", "2.345"]),
        (["590.549"], {"decimal_separator": {"x": "."}}, "decimal128(6, 3)", ["590.549"]),
        (["590.549"], {"decimal_separator": {"x": ","}}, "int32", ["590549"]),
        (
            ["$1,200.50", "$5"],
            {"types": {"x": "currency"}},
            "decimal128(18, 2)",
            ["1200.50", "5.00"],
        ),
        (["5%", "7,5 %"], {"types": {"x": "percent"}}, "decimal128(2, 1)", ["5.0", "7.5"]),
        (["601 234 567"], {"types": {"x": "integer"}}, "int64", ["601234567"]),
        (["3:45"], {"types": {"x": "time"}}, "time64[us]", ["03:45:00"]),
        (["9" * 39], {"types": {"x": "float"}}, "double", ["1e+39"]),
        (
            ["ja", "NEIN"],
            {"true_words": ["ja"], "false_words": ["nein"]},
            "bool",
            ["True", "False"],
        ),
    ],
)
def test_the_argument_that_is_told_settles_it(
    values: list[str], options: dict[str, Any], found: str, printed: list[str]
) -> None:
    table = pa.table({"x": values})
    cleaned = apply_plan(table.to_reader(), plan_cleaning(lambda: table.to_reader(), **options))
    result = cleaned.reader.read_all()
    assert str(result.schema.field(0).type) == found
    assert [str(value) for value in result.column(0).to_pylist()] == printed


@pytest.mark.parametrize(
    ("values", "semantic", "categories"),
    [
        (
            ["f47ac10b-58cc-4372-a567-0e02b2c3d479", "{F47AC10B-58CC-4372-A567-0E02B2C3D479}"],
            "uuid",
            (),
        ),
        (["f47ac10b-58cc-4372-a567-0e02b2c3d479", "x"], None, ()),
        (['{"a": [1, null]}', "[]", ""], "json", ()),
        (['{"a": 1}', "{a}"], None, ()),
        (['"text"', "5"], None, ()),
        (["b", "a", ""] * 20, "category", ("a", "b")),
        (["b", "a"] * 9, None, ()),
        ([str(n) for n in range(101)] * 20, None, ()),
        (["1", "2"] * 20, None, ()),
    ],
)
def test_what_text_is(values: list[str], semantic: str | None, categories: tuple[str, ...]) -> None:
    decision = infer(values, 7)
    assert (decision.semantic, decision.categories) == (semantic, categories)
    assert (decision.type == pa.string()) or values[0] in "01"


def test_a_failure_in_the_last_row_is_seen_and_named() -> None:
    decision = infer([str(n) for n in range(5000)] + ["n/k"], batch_rows=1000)
    assert decision.type == pa.string()
    failure = decision.failures[0]
    assert (failure.family, failure.count, failure.value, failure.row) == ("number", 1, "n/k", 5001)
    assert decision.rows == 5001
    assert decision.explain() == (
        "no number: 'n/k' in row 5001; every value is a number but: 'n/k' 1 time; "
        "null_tokens={'x': ['', 'n/k']} settles it"
    )


def test_counts_and_flags() -> None:
    decision = infer([" a", "N/A", None, "b"])
    assert (decision.rows, decision.nulls) == (4, 2)
    assert (decision.has_blanks, decision.has_null_tokens) == (True, True)
    assert infer(["", None]).note == "all null"
    assert infer([]).note == "no rows"


def test_a_decision_is_a_structure_for_machines() -> None:
    told = infer(["1,234", "2,345", None]).to_dict()
    assert told == {
        "name": "x",
        "source_type": "text",
        "type": "text",
        "rows": 3,
        "nulls": 1,
        "has_blanks": False,
        "has_null_tokens": False,
        "null_words": [],
        "spelling": None,
        "semantic": None,
        "categories": [],
        "failures": [],
        "warnings": [
            {
                "code": "open_separator",
                "message": "',' may stand before decimals or set thousands apart: '1,234' in row 1",
                "argument": "decimal_separator={'x': '.'} or ','",
            }
        ],
        "note": "",
        "why": "',' may stand before decimals or set thousands apart: '1,234' in row 1; "
        "decimal_separator={'x': '.'} or ',' settles it",
    }


def test_typed_columns_keep_their_types() -> None:
    table = pa.table({"n": pa.array([1], pa.int16()), "d": pa.array(["7"]).dictionary_encode()})
    decisions = infer_types(lambda: table.to_reader())
    assert [str(decision.type) for decision in decisions] == ["int16", "int8"]


def test_infinity_and_nan_of_typed_columns_stay() -> None:
    table = pa.table({"f": [float("inf"), float("nan"), None]})
    cleaned = apply_plan(table.to_reader(), plan_cleaning(lambda: table.to_reader()))
    assert [str(value) for value in cleaned.reader.read_all()["f"].to_pylist()] == [
        "inf",
        "nan",
        "None",
    ]


WORDS = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.integers(-300, 300).map(str),
    st.integers(-(10**9), 10**9).map(lambda number: f"{number:,}"),
    st.decimals(-(10**6), 10**6, places=3).map(str),
    st.decimals(-(10**6), 10**6, places=2).map(lambda number: f"{number:,}"),
    st.decimals(-(10**6), 10**6, places=2).map(
        lambda number: f"{number:,}".translate({44: 46, 46: 44})
    ),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.floats(allow_nan=False).map(str),
    st.dates().map(str),
    st.dates().map(lambda day: f"{day.day}/{day.month:02}/{day.year:04}"),
    st.times().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.datetimes(timezones=st.just(dt.UTC)).map(lambda moment: moment.isoformat()),
    st.sampled_from(["007", "+49", "1.234", "12.345.678", "1,234", "true", "yes", "no", "NA", ""]),
    st.text("0123456789.,-+eE", max_size=8),
    st.text(max_size=5),
)
COLUMNS = st.one_of(
    st.lists(WORDS, max_size=8), WORDS.flatmap(lambda word: st.lists(st.just(word), max_size=4))
)


def says_the_same(text: str, value: Any, spelling: Spelling | None) -> bool:
    """Tell, without Arrow, whether a typed value is what the text says."""
    if isinstance(value, bool):
        pair = ("yes", "no") if text.lower() in ("yes", "no") else ("true", "false")
        return text.lower() == pair[not value]
    if isinstance(value, int | float | Decimal):
        if spelling:
            text = text.replace(spelling.thousands or "", "").replace(spelling.decimal, ".")
        if isinstance(value, float):
            return float(text) == value
        return Decimal(text) == value
    if isinstance(value, dt.datetime):
        return dt.datetime.fromisoformat(text) == value
    if isinstance(value, dt.date):
        if "/" in text:
            first, second, year = map(int, text.split("/"))
            day, month = (first, second) if spelling and spelling.day_first else (second, first)
            return dt.date(year, month, day) == value
        return dt.date.fromisoformat(text) == value
    if isinstance(value, dt.time):
        return dt.time.fromisoformat(text) == value
    return text == value


@settings(max_examples=400)
@given(COLUMNS, st.integers(1, 3))
def test_no_value_changes(values: list[str], batch_rows: int) -> None:
    table = pa.table({"x": pa.array(values, pa.string())})

    def open_reader() -> pa.RecordBatchReader:
        batches = table.to_batches(max_chunksize=batch_rows)
        return pa.RecordBatchReader.from_batches(table.schema, batches)

    plan = plan_cleaning(open_reader)
    cleaned = apply_plan(open_reader(), plan)
    found = cleaned.reader.read_all().column("x").to_pylist()
    assert cleaned.report().rejected == 0
    assert len(found) == len(values)
    for text, value in zip(values, found, strict=True):
        if text.strip() in (
            NULL_TOKENS if plan.schema.types != [pa.string()] else TEXT_NULL_TOKENS
        ):
            assert value is None
        else:
            spelling = plan.columns[0].decision.spelling
            assert says_the_same(text.strip(), value, spelling), (text, value)


@settings(max_examples=150)
@given(COLUMNS)
def test_batches_change_nothing_but_how_much_is_counted(values: list[str]) -> None:
    one, many = infer(list(values), 100), infer(list(values), 1)
    assert (one.type, one.spelling, one.nulls) == (many.type, many.spelling, many.nulls)
