"""Repeated rows, masks, mended text and NULLs, as a table is cleaned."""

from __future__ import annotations

import hmac
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.errors import CredentialError, MismatchError, UsageError
from dreambolt_steps.tables.clean import CleanPlan, CleanReport, apply_plan, plan_cleaning

KEY = "sixteen bytes or more"


def clean(data: dict[str, Any], **options: Any) -> tuple[pa.Table, CleanReport, CleanPlan]:
    table = pa.table(data)
    plan = plan_cleaning(lambda: table.to_reader(max_chunksize=2), **options)
    cleaned = apply_plan(table.to_reader(max_chunksize=2), plan)
    result = cleaned.reader.read_all()
    assert result.num_rows + len(cleaned.list_dropped()) == table.num_rows
    return result, cleaned.report(), plan


ROWS = {"N": ["1", "x", " 1", "2", "01", "2"], "T": ["a", "b", "a ", "c", "a", "d"]}


def test_repeats_of_clean_rows_are_rejected_with_the_row_they_repeat() -> None:
    table, report, _ = clean(ROWS, types={"n": "int8"}, duplicates="drop")
    assert table.to_pydict() == {"n": [1, 2, 2], "t": ["a", "c", "d"]}
    assert (report.rows, report.rejected) == (3, 3)
    assert report.rejects.select(["line", "column", "value", "reason", "raw"]).to_pylist() == [
        {
            "line": line,
            "column": column,
            "value": value,
            "reason": reason,
            "raw": raw,
        }
        for line, column, value, reason, raw in [
            (2, "N", "x", "not a value of type int8", '{"N":"x","T":"b"}'),
            (3, None, None, "duplicate of row 1", '{"N":" 1","T":"a "}'),
            (5, None, None, "duplicate of row 1", '{"N":"01","T":"a"}'),
        ]
    ]


def test_repeats_by_some_columns() -> None:
    table, report, _ = clean(
        ROWS, types={"N": "int8"}, duplicates="drop", duplicates_by=["N"], rename={"N": "id"}
    )
    assert table.to_pydict() == {"id": [1, 2], "t": ["a", "c"]}
    told = report.rejects.select(["line", "column", "reason"]).to_pylist()
    assert [tuple(one.values()) for one in told][1:] == [
        (3, "id", "duplicate of row 1"),
        (5, "id", "duplicate of row 1"),
        (6, "id", "duplicate of row 4"),
    ]


def test_repeats_are_flagged() -> None:
    table, report, _ = clean(ROWS, types={"n": "int8"}, duplicates="flag")
    assert table["is_duplicate"].to_pylist() == [False, True, False, True, False]
    assert report.rejected == 1


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(["1", "2", "x", ""]), st.sampled_from(["a", "b", ""]))),
    st.sampled_from(["reject", "null"]),
    st.sampled_from(["keep", "drop", "flag"]),
)
def test_counts_add_up(rows: list[tuple[str, str]], on_mismatch: str, duplicates: str) -> None:
    data = {"n": pa.array([n for n, _ in rows], pa.string()), "t": [t for _, t in rows]}
    data["t"] = pa.array(data["t"], pa.string())
    table, report, _ = clean(
        data, types={"n": "int8"}, on_mismatch=on_mismatch, duplicates=duplicates
    )
    assert report.rows == table.num_rows
    assert report.rows + report.rejected == len(rows)
    assert report.rejects.num_rows == report.rejected + report.nulled
    if duplicates == "drop":
        distinct = set(zip(*(column.to_pylist() for column in table.columns), strict=True))
        assert len(distinct) == table.num_rows


PEOPLE = {
    "Mail": ["ann@example.com", None, "bob@example.com", "ann@example.com"],
    "Name": ["Annabelle", "Robert", "Robert", "Wilhelmina"],
    "Born": ["13/02/1990", "01/02/1985", "nonsense", "14/07/1977"],
    "Note": ["1", "2", "3", "x"],
}


def test_masked_values_are_told_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAMBOLT_MASK_KEY", KEY)
    masks = {"mail": "hash", "Name": "partial", "born": "redact"}
    table, report, plan = clean(PEOPLE, masks=masks, types={"note": "int8", "born": "date"})
    ann = hmac.new(KEY.encode(), b"ann@example.com", "sha256").hexdigest()
    assert table.to_pydict() == {
        "mail": [ann, None],
        "name": ["A***e", "R***t"],
        "born": ["[redacted]"] * 2,
        "note": [1, 2],
    }
    assert report.rejects.select(["line", "column", "value", "raw"]).to_pylist() == [
        {
            "line": 3,
            "column": "Born",
            "value": "***",
            "raw": '{"Mail":"***","Name":"***","Born":"***","Note":"3"}',
        },
        {
            "line": 4,
            "column": "Note",
            "value": "x",
            "raw": '{"Mail":"***","Name":"***","Born":"***","Note":"x"}',
        },
    ]
    told = str([column.to_dict() for column in plan.columns])
    for secret in [*PEOPLE["Mail"], *PEOPLE["Name"], *PEOPLE["Born"]]:
        assert secret is None or secret not in told


@pytest.mark.parametrize(
    "values",
    [
        ["13/02/2024", "02/13/2024"],
        ["01/02/2024", "02/03/2024"],
        ["24-03-15", "24-12-31"],
        ["13/02/2024", "01/02/2024"],
        ["13/02/24", "01/02/24"],
        ["1.234", "2.345"],
        ["1,5", "1.5"],
        ["1.234,5", "3"],
        ["1 234", "1'234"],
        ["601 234 567", "602 333 111"],
        ["9" * 39, "1"],
        ["$1,200.50", "$5"],
        ["3:45", "12:10"],
        ["2024-01-01T10:00Z", "2024-01-01"],
        ["2024-01-01T10:00:00.1234567"],
        ["JosÃ©; born: here", "x"],
        ["1", "2", "3", "4", "5", "6", "n/k; see: file"],
        ["diagnosis; code: F32"] * 30,
    ],
)
@pytest.mark.parametrize("repair", [True, False])
def test_no_evidence_of_a_masked_column_shows_a_value(values: list[str], repair: bool) -> None:
    _, _, plan = clean({"x": values}, masks={"x": "redact"}, repair=repair)
    told = plan.columns[0].to_dict()
    assert told["categories"] == []
    for value in values:
        assert len(value) < 3 or value not in str(told)
    assert "José" not in str(told)


def test_a_masked_value_that_does_not_fit_raises_unseen() -> None:
    with pytest.raises(MismatchError) as error:
        clean({"x": ["secret"]}, masks={"x": "redact"}, types={"x": "int8"}, on_mismatch="raise")
    assert "secret" not in str(error.value)
    assert "secret" not in str(vars(error.value))


def test_rows_are_compared_before_they_are_masked() -> None:
    table, _, _ = clean(
        {"x": ["Annabelle", "Annie", "Annie"]}, masks={"x": "redact"}, duplicates="drop"
    )
    assert table.num_rows == 2


def test_columns_that_are_left_out_are_not_told_in_rejects_either() -> None:
    _, report, _ = clean({"a": ["x"], "ssn": ["123"]}, drop=["ssn"], types={"a": "int8"})
    assert report.rejects["raw"].to_pylist() == ['{"a":"x"}']


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"masks": {"zz": "hash"}}, "no column 'zz' to mask"),
        ({"masks": {"x": "blur"}}, "unknown mask 'blur'; there are hash, partial, redact"),
        ({"masks": {"l": "redact"}}, "column 'l' is list<.*>; masks are for text"),
        ({"duplicates": "merge"}, "unknown duplicates 'merge'; there are keep, drop, flag"),
        ({"duplicates_by": ["x"]}, "duplicates_by is for duplicates=drop or flag"),
        ({"duplicates": "drop", "duplicates_by": ["zz"]}, "no column 'zz'"),
        ({"duplicates": "drop", "duplicates_by": "x"}, "duplicates_by is a list of columns"),
        ({"duplicates": "flag", "rename": {"x": "is_duplicate"}}, "'is_duplicate', which is there"),
        ({"normalize": "NFD"}, "unknown normalize 'NFD'; did you mean 'NFC'"),
        ({"null_tokens": "NA"}, "null_tokens are lists of words, not 'NA'"),
        ({"null_tokens": {"x": "NA"}}, "null_tokens are lists of words, not 'NA'"),
    ],
)
def test_wrong_arguments(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        clean({"x": ["a"], "l": [[1]]}, **options)


def test_hashes_need_their_secret_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DREAMBOLT_MASK_KEY", raising=False)
    with pytest.raises(CredentialError, match="DREAMBOLT_MASK_KEY not set"):
        clean({"x": ["a"]}, masks={"x": "hash"})


def test_text_is_repaired_and_normalised_where_asked() -> None:
    data = {"x": ["JosÃ©", "Cafe\u0301", "ok"]}
    table, _, plan = clean(data)
    assert table["x"].to_pylist() == data["x"]
    assert plan.columns[0].decision.warnings[0].argument == "repair=True"
    assert "'JosÃ©' in row 1 may be 'José'" in plan.columns[0].decision.explain()
    table, _, plan = clean(data, repair=True, normalize="NFC")
    assert table["x"].to_pylist() == ["José", "Café", "ok"]
    assert plan.columns[0].decision.note == "values repaired: 1, 'JosÃ©' in row 1 to 'José'"


def test_empty_text_and_null_stay_apart_where_the_source_has_nulls() -> None:
    data = {"t": ["a", "", None, "NA"], "n": ["1", "", None, "NA"]}
    table, _, plan = clean(data, has_nulls=True)
    assert table.to_pydict() == {"t": ["a", "", None, "NA"], "n": [1, None, None, None]}
    assert [column.decision.nulls for column in plan.columns] == [1, 3]
    table, _, _ = clean(data)
    assert table.to_pydict() == {"t": ["a", None, None, "NA"], "n": [1, None, None, None]}
    table, _, _ = clean(data, has_nulls=True, null_tokens=["NA"])
    assert table.to_pydict() == {"t": ["a", "", None, None], "n": ["1", "", None, None]}


def test_null_tokens_by_column() -> None:
    data = {"country": ["NA", "-", "DE"], "n": ["1", "-", "NA"]}
    table, _, _ = clean(data, null_tokens={"country": ["-"], "*": ["-", "NA"]})
    assert table.to_pydict() == {"country": ["NA", None, "DE"], "n": [1, None, None]}
