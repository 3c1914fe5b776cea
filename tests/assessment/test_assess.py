"""Assessments of rows whose faults are known: copies, shuffled columns, broken rules, real rows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dreambolt_steps.assessment.assess import Assessment, assess, read_assessment, write_assessment
from dreambolt_steps.assessment.describe import explain_doubt, list_warnings
from dreambolt_steps.assessment.samples import draw_samples
from dreambolt_steps.contracts.contract_file import read_contract
from dreambolt_steps.errors import UsageError
from dreambolt_steps.log import Receipt
from dreambolt_steps.report.run_record import RunRecord, StepRecord
from dreambolt_steps.report.synthesis_section import render_assessment

CODES = {"north": "N", "south": "S", "west": "W"}


def make_rows(seed: int, rows: int = 400, start: int = 0) -> pa.Table:
    """Rows of which every column hangs together with the others."""
    random = np.random.default_rng(seed)
    weight = random.gamma(2.0, 3.0, rows).round(4)
    zone = [list(CODES)[at] for at in np.digitize(weight, [4, 8])]
    return pa.table(
        {
            "id": range(start, start + rows),
            "weight": weight,
            "price": (weight * 4 + random.normal(0, 1, rows)).round(1),
            "zone": zone,
            "code": [CODES[one] for one in zone],
            "day": [dt.date(2020, 1, 1) + dt.timedelta(days=int(one * 9)) for one in weight],
            "note": [None if at % 5 == 0 else f"box {one}" for at, one in enumerate(weight)],
        }
    )


def join(real: pa.Table, made: pa.Table) -> pa.Table:
    parts = [
        part.append_column("_synthetic", pa.array([flag] * part.num_rows, pa.bool_()))
        for flag, part in ((False, real), (True, made))
    ]
    return pa.concat_tables(parts)


def read(found: Assessment) -> dict[str, Any]:
    return {one.measure: one for one in found.scores if one.column is None}


def test_other_real_rows_are_as_good_as_real_rows() -> None:
    found = assess(join(make_rows(1), make_rows(2, start=900)).to_reader)
    assert found.quality.score > 93
    assert found.quality.lawful == found.quality.fresh == 1.0
    assert 0.4 < read(found)["AUC"].value < 0.62
    assert found.compared == (200, 200, 400)
    assert found.left_out == ("id: a key",)
    assert list_warnings(found) == []


def test_a_copy_of_the_real_rows_is_all_identical_matches() -> None:
    real = make_rows(1)
    found = assess(join(real, real).to_reader)
    scores = read(found)
    assert scores["identical match share"].value == 1.0
    assert scores["identical match share"].holdout == 0.0
    assert scores["distance to closest record, 5th percentile"].value == 0.0
    assert scores["distance to closest record, median"].holdout > 0
    assert found.quality.fresh == 0.0
    assert found.quality.score == 0.0
    assert "100.0% of the synthetic rows are equal to a real one" in list_warnings(found)[0]


def test_copies_are_found_among_all_real_rows_also_in_a_sample() -> None:
    real = make_rows(1, 2_000)
    made = pa.concat_tables([make_rows(2, 150, 5_000), real.slice(1_950, 50)])
    found = assess(join(real, made).to_reader, most=300)
    assert found.compared == (150, 150, 200)
    assert read(found)["identical match share"].value == 0.25
    assert found.quality.fresh == 0.75


def test_shuffled_columns_are_told_apart_though_each_is_spread_as_it_should_be() -> None:
    made, random = make_rows(2), np.random.default_rng(3)
    shuffled = pa.table(
        {name: made[name].take(random.permutation(400)) for name in made.schema.names}
    )
    found = assess(join(make_rows(1), shuffled).to_reader)
    scores = read(found)
    assert scores["AUC"].value > 0.95
    assert scores["AUC"].holdout < 0.65
    assert found.quality.parts["columns"] > 0.97
    assert found.quality.parts["pairs"] < 0.9
    assert scores["code follows from zone"].value > 0.4
    assert scores["code follows from zone"].holdout == 0.0
    assert found.quality.score < 50
    assert list_warnings(found)[0].startswith("a classifier tells synthetic rows from real ones")


def test_rules_are_those_of_the_contract_and_the_relations() -> None:
    made = make_rows(2, 100, 395)
    contract = read_contract(
        {
            "contract": 1,
            "columns": {
                "id": {"type": "int64", "unique": True},
                "price": {"type": "float", "min": 0},
                "zone": {"type": "text", "allowed": list(CODES)},
            },
        }
    )
    price = [-1.0] * 10 + made["price"].to_pylist()[10:]
    zone = ["east"] * 20 + made["zone"].to_pylist()[20:]
    made = made.set_column(2, "price", pa.array(price)).set_column(3, "zone", pa.array(zone))
    table = join(make_rows(1), made)
    found = assess(table.to_reader, relations=["price > weight"], contract=contract)
    broken = {(one.column, one.measure): one.value for one in found.scores if one.part == "rules"}
    assert broken[("id", "not unique")] == 0.05
    assert {value for (column, _), value in broken.items() if column == "price"} >= {0.1}
    assert {value for (column, _), value in broken.items() if column == "zone"} >= {0.2}
    assert broken[(None, "price > weight")] >= 0.1
    assert found.quality.lawful <= 0.8


def test_so_few_rows_that_any_look_alike_are_not_praised() -> None:
    few = assess(join(make_rows(1, 22), make_rows(2, 20, 900)).to_reader)
    assert explain_doubt(few) == (
        "too few rows to tell: 20 synthetic rows were compared with 11 real ones and 11 held back, "
        "and of less than 25 any look alike"
    )
    assert explain_doubt(assess(join(make_rows(1, 60), make_rows(2, 60, 900)).to_reader)) == ""


def test_what_can_not_be_compared_is_said() -> None:
    real = make_rows(1)
    with pytest.raises(UsageError, match="no boolean column _synthetic"):
        assess(real.to_reader)
    with pytest.raises(UsageError, match="0 synthetic and 400 real rows"):
        assess(join(real, real.slice(0, 0)).to_reader)
    few = assess(join(real, make_rows(2, 5, 900)).to_reader, spent=0.5)
    assert "AUC" not in read(few)  # of five rows a classifier learns nothing
    assert read(few)["USD per accepted row"].value == 0.1


def test_samples_are_drawn_with_a_seed_and_apart() -> None:
    table = join(make_rows(1, 1_000), make_rows(2, 300, 5_000))
    first, again, other = (
        draw_samples(table.to_reader, "_synthetic", 400, seed) for seed in (0, 0, 1)
    )
    assert first == again
    assert first.reference["id"] != other.reference["id"]
    assert (first.reference.num_rows, first.holdout.num_rows) == (200, 200)
    assert not {*first.reference["id"].to_pylist()} & {*first.holdout["id"].to_pylist()}
    assert min(first.synthetic["id"].to_pylist()) >= 5_000
    assert (first.real_rows, first.synthetic_rows) == (1_000, 300)


def test_an_assessment_is_read_as_it_was_written_and_shown(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    real, made = make_rows(1), make_rows(2, start=900)
    names = [evil if name == "zone" else name for name in real.schema.names]
    found = assess(join(real.rename_columns(names), made.rename_columns(names)).to_reader)
    write_assessment(tmp_path, found)
    assert read_assessment(tmp_path) == found
    step = StepRecord(Receipt("assess", "AssessSynthesis"), tmp_path)
    page = str(render_assessment(RunRecord(tmp_path, dt.datetime(2026, 5, 4), (step,))))
    assert "<b>400</b> synthetic rows beside 400 real ones, assessed by assess" in page
    assert '<svg class="pairs"' in page
    assert evil not in page
    assert "code follows from &lt;script&gt;alert(1)&lt;/script&gt;" in page
    (tmp_path / "assessment.json").write_text("{}")
    assert read_assessment(tmp_path) is None
    assert render_assessment(RunRecord(tmp_path, dt.datetime(2026, 5, 4), (step,))) is None
