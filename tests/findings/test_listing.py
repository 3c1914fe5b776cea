"""The list of what deserves a look: its order, its sums, and what is told once of many columns."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from dreambolt_steps.findings.finding import Finding, Remedy, hand_over, take_back
from dreambolt_steps.findings.joining import join_alike
from dreambolt_steps.findings.listing import check_sum, list_findings
from dreambolt_steps.log import Receipt

DAYS = Finding(
    "open_day_order",
    "moderate",
    "the day or the month may come first",
    columns=("born",),
    place="row 7",
    remedy=Remedy("CleanTable", "day_first", {"born": True}, "or False"),
)


def test_a_finding_tells_what_where_and_what_to_do() -> None:
    assert DAYS.tell() == (
        "born: the day or the month may come first (row 7). This settles it: "
        "--clean 'day_first={\"born\": true}' or False"
    )
    assert DAYS.tell(as_option=False).endswith("CleanTable's day_first={'born': True} or False")
    types = Finding("x", "note", "y", remedy=Remedy("CleanTable", "types", {"a b": "date"}))
    assert types.tell_advice() == "This settles it: --columns 'a b=date'"
    many = replace(DAYS, columns=tuple("abcde"))
    assert many.where == "a, b, c and 2 more columns"
    assert Finding("x", "note", "y", step="load").tell() == "load: y."


def test_findings_pass_through_a_receipt_as_json() -> None:
    receipt = Receipt("clean", "CleanTable")
    hand_over(receipt, DAYS, Finding("drift", "major", "more rows"))
    kept = Receipt(**json.loads(json.dumps(receipt.to_dict())))
    assert list_findings([kept]) == [
        Finding("drift", "major", "more rows", step="clean"),
        replace(DAYS, step="clean"),
    ]
    told = kept.report["look_at"][0]
    assert told["told"] == DAYS.tell()
    assert told["remedy"]["option"].startswith("--clean ")
    take_back(kept, "drift")
    assert list_findings([kept]) == [replace(DAYS, step="clean")]


def test_what_another_version_kept_is_passed_over() -> None:
    receipt = Receipt("clean", "CleanTable", report={"look_at": [{"odd": 1}], "warnings": ["w"]})
    assert [one.what for one in list_findings([receipt])] == ["w"]


@pytest.mark.parametrize(
    "counts",
    [
        {"rows_in": 5, "rows_out": 3, "rows_rejected": 2},
        {"rows_in": 5, "rows_out": 9, "rows_made": 4},
        {"rows_in": 5, "rows_out": 3, "rows_dropped": 2},
        {"rows_in": 5, "rows_out": 6, "rows_dropped": 2, "rows_made": 3},
    ],
)
def test_steps_that_leave_rows_out_on_purpose_add_up(counts: dict[str, int]) -> None:
    assert [*check_sum(Receipt("a", "b", **counts))] == []
    assert [*check_sum(Receipt("assess", "AssessSynthesis", rows_in=42, rows_out=55))] == []


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"rows_in": 5, "rows_out": 3, "rows_made": 1}, "3 rows are gone without a word"),
        ({"rows_in": 5, "rows_out": 6, "rows_dropped": 1}, "2 rows came from nowhere"),
    ],
)
def test_rows_that_are_gone_are_told(counts: dict[str, int], words: str) -> None:
    (found,) = check_sum(Receipt("a", "b", **counts))
    assert (found.level, found.step) == ("major", "a")
    assert words in found.what


@pytest.mark.parametrize(
    ("reason", "rejected", "level", "advice"),
    [
        ("2 fields where the table has 3 columns", 1, "moderate", "--load ragged=pad"),
        ("2 fields where the table has 3 columns", 5, "major", "--load ragged=pad"),
        ("4 fields where the table has 3 columns", 5, "major", "--load header_rows=2"),
        ("2 fields where the table has 1 columns", 5, "major", "--load 'delimiter=;'"),
        ("text behind a closing quote, or a quote that nothing closes", 5, "major", "quote="),
        ("bytes that are not valid utf-8", 5, "major", "--load encoding=cp1252"),
        ("not a value of type date", 5, "major", '--clean \'on_mismatch={"n": "widen"}\''),
        ("something else", 5, "major", "Look at them in the rejects"),
    ],
)
def test_the_likeliest_argument_is_named(
    reason: str, rejected: int, level: str, advice: str
) -> None:
    column = "n" if "type" in reason else None
    report: dict[str, Any] = {"reasons": [[reason, column, False, rejected]]}
    receipt = Receipt(
        "load", "x", rows_in=100, rows_out=100 - rejected, rows_rejected=rejected, report=report
    )
    (found,) = list_findings([receipt])
    assert (found.level, found.count, found.total) == (level, rejected, 100)
    assert f"{rejected} of 100 rows rejected: " in found.what
    assert reason in found.what
    assert advice in found.tell()


def test_many_columns_alike_are_told_once() -> None:
    drop = [
        Finding(
            "all_null",
            "moderate",
            "no value in any row",
            "clean",
            (name,),
            remedy=Remedy("CleanTable", "drop", [name]),
        )
        for name in "abcd"
    ]
    (joined,) = join_alike(drop)
    assert joined.tell() == (
        "a, b, c, d: 4 columns have no value in any row. This settles it: "
        '--clean \'drop=["a", "b", "c", "d"]\''
    )
    assert join_alike(drop[:3]) == drop[:3]
    assert len(join_alike([replace(one, kind="other") for one in drop])) == 4
