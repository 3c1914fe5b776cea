"""Types found over all rows: what each column becomes, and that no value ever changes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.tables.blanks import NULL_TOKENS
from dreambolt_steps.tables.clean import apply_plan, plan_cleaning
from dreambolt_steps.tables.decision import ColumnDecision, Spelling
from dreambolt_steps.tables.infer import infer_types


def infer(values: list[str | None], batch_rows: int = 2) -> ColumnDecision:
    table = pa.table({"x": pa.array(values, pa.string())})
    reader = lambda: pa.RecordBatchReader.from_batches(  # noqa: E731
        table.schema, table.to_batches(max_chunksize=batch_rows)
    )
    return infer_types(reader)[0]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["1", "2"], "int8"),
        (["-128", "127"], "int8"),
        (["128", "0"], "int16"),
        (["-32769", "0"], "int32"),
        (["2147483648"], "int64"),
        (["9223372036854775807", "-9223372036854775808"], "int64"),
        (["9223372036854775808"], "decimal128(19, 0)"),
        (["9" * 38], "decimal128(38, 0)"),
        (["9" * 39], "string"),
        (["1.5", "2", "-0.25"], "decimal128(3, 2)"),
        ([".5", "-.25"], "decimal128(3, 2)"),
        (["1" * 30 + ".5", "0." + "1" * 9], "string"),
        (["1e3", "2.5"], "double"),
        (["1e3", "12345678901234567"], "string"),
        (["1e999"], "string"),
        (["1e-320", "1"], "string"),
        (["true", "FALSE", ""], "bool"),
        (["yes", "no"], "bool"),
        (["no", "no"], "string"),
        (["yes", "false"], "string"),
        (["0", "1"], "int8"),
        (["2024-02-29", "1900-01-01"], "date32[day]"),
        (["2023-02-29"], "string"),
        (["29.02.2024"], "string"),
        (["2024-02-29T10:00", "2024-02-29 10:00:00.123456"], "timestamp[us]"),
        (["2024-02-29", "2024-02-29 10:00"], "timestamp[us]"),
        (["2024-02-29T10:00:00.1234567"], "string"),
        (["2024-02-29T10:00Z", "2024-02-29T10:00:01+02:00"], "timestamp[us, tz=UTC]"),
        (["2024-02-29T10:00Z", "2024-02-29T10:00"], "string"),
        (["007", "12"], "string"),
        (["+49", "12"], "string"),
        (["1_000"], "string"),
        (["0x10"], "string"),
        (["1,5", "2"], "string"),
        (["inf", "1"], "string"),
        (["NaN", "1"], "int8"),
        (["-", "1"], "string"),
        (["a", "1"], "string"),
        ([" 1", "2 ", "\u00a03"], "int8"),
        (["", "NA", None], "string"),
        ([], "string"),
    ],
)
def test_types(values: list[str | None], found: str) -> None:
    assert str(infer(values).type) == found


@pytest.mark.parametrize(
    ("values", "found", "thousands"),
    [
        (["590.549", "1.045.246", "12"], "int32", "."),
        (["590.549", "434.500", "363.000"], "int32", "."),
        (["590.549", "434.500"], "decimal128(6, 3)", None),
        (["590.549", "434.500", "363.000", "0.125"], "decimal128(6, 3)", None),
        (["590.549", "434.500", "363.000", "-1.125"], "decimal128(6, 3)", None),
        (["590.549", "434.500", "363.000", "1.5"], "decimal128(6, 3)", None),
        (["590.549", "434.500", "363.000", "4444"], "decimal128(7, 3)", None),
        (["1,234,567", "1"], "int32", ","),
        (["1,234", "2,345", "3,456"], "int16", ","),
        (["1,234", "2,345"], "string", None),
        (["1,234", "2,345", "3,456", "1234"], "string", None),
        (["1,234,567", "1.5"], "string", None),
        (["1,234,567", "1.234.567"], "string", None),
        (["-1,234,567", "7"], "int32", ","),
    ],
)
def test_thousands_need_evidence(values: list[str], found: str, thousands: str | None) -> None:
    decision = infer(values)
    spelling = Spelling(thousands) if thousands else None
    assert (str(decision.type), decision.spelling) == (found, spelling)
    assert bool(decision.note) == (thousands is not None)


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_batches_changes_nothing(order: int) -> None:
    values = ["1.234", "2.345", "3.456", "12", "1.234.567", "999"]
    assert str(infer(values[::order], 1).type) == "int32"
    decimals = ["590.549", "434.500", "363.000", "4444", "0.5"]
    assert str(infer(decimals[::order], 1).type) == "decimal128(7, 3)"


def test_a_failure_in_the_last_row_is_seen_and_named() -> None:
    decision = infer([str(n) for n in range(5000)] + ["n/k"], batch_rows=1000)
    assert decision.type == pa.string()
    failure = decision.failures[0]
    assert (failure.family, failure.count, failure.value, failure.row) == ("number", 1, "n/k", 5001)
    assert decision.rows == 5001


def test_counts_and_flags() -> None:
    decision = infer([" a", "NA", None, "b"])
    assert (decision.rows, decision.nulls) == (4, 2)
    assert (decision.has_blanks, decision.has_null_tokens) == (True, True)
    assert infer(["", None]).note == "all null"
    assert infer([]).note == "no rows"


def test_typed_columns_keep_their_types() -> None:
    table = pa.table({"n": pa.array([1], pa.int16()), "d": pa.array(["7"]).dictionary_encode()})
    decisions = infer_types(lambda: table.to_reader())
    assert [str(decision.type) for decision in decisions] == ["int16", "int8"]


WORDS = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.integers(-300, 300).map(str),
    st.decimals(-(10**6), 10**6, places=3).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(str),
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.datetimes(timezones=st.just(dt.UTC)).map(lambda moment: moment.isoformat()),
    st.sampled_from(["007", "+49", "1.234", "12.345.678", "1,234", "true", "yes", "no", "NA", ""]),
    st.text("0123456789.,-+eE", max_size=8),
    st.text(max_size=5),
)
COLUMNS = st.one_of(
    st.lists(WORDS, max_size=8), WORDS.flatmap(lambda word: st.lists(st.just(word), max_size=4))
)


def says_the_same(text: str, value: Any, thousands: str | None) -> bool:
    """Tell, without Arrow, whether a typed value is what the text says."""
    if isinstance(value, bool):
        return (
            text.lower()
            == {True: ("true", "yes"), False: ("false", "no")}[value][text.lower() in ("yes", "no")]
        )
    if isinstance(value, int | Decimal):
        return Decimal(text.replace(thousands, "") if thousands else text) == value
    if isinstance(value, float):
        return Decimal(text) == Decimal(repr(value)) or float(text) == value
    if isinstance(value, dt.datetime):
        return dt.datetime.fromisoformat(text) == value
    if isinstance(value, dt.date):
        return dt.date.fromisoformat(text) == value
    return text == value


@settings(max_examples=400, deadline=None)
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
        if text.strip() in NULL_TOKENS:
            assert value is None
        else:
            spelling = plan.columns[0].decision.spelling
            thousands = spelling.thousands if spelling else None
            assert says_the_same(text.strip(), value, thousands), (text, value)
