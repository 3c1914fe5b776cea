"""The map of vectors: groups that are apart lie apart, in the report as well."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dreambolt_steps.embedding.text_source import name_sources
from dreambolt_steps.embedding.vector_format import VectorFormat
from dreambolt_steps.embedding.vector_map import draw_map, project, write_maps
from dreambolt_steps.log import Receipt
from dreambolt_steps.report.map_section import MAP_FILE, render_maps
from dreambolt_steps.report.run_record import RunRecord, StepRecord

(SOURCE,) = name_sources(["text"], {})
ROWS = 300


def make_table(dtype: str = "float32", rows: int = ROWS) -> pa.Table:
    """Three clouds of vectors, told by `cloud`; `noise` tells nothing."""
    draw = np.random.default_rng(1)
    cloud = draw.integers(0, 3, rows)
    vectors = np.eye(16)[cloud] * 3 + draw.normal(size=(rows, 16)) * 0.2
    form = VectorFormat(16, 16, dtype)
    missing = np.arange(rows) % 50 == 49
    column = form.build_array(form.convert(vectors.astype(np.float32)), missing)
    texts = [None if void else f"<b>{row}" for row, void in enumerate(missing)]
    noise = draw.integers(0, 3, rows)
    return pa.table(
        {"text": texts, "noise": noise, "cloud": [f"c{c}" for c in cloud], "text_embedding": column}
    )


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "binary"])
def test_what_is_apart_lies_apart_and_gives_the_colour(dtype):
    table = make_table(dtype)
    found = draw_map(table.to_reader(max_chunksize=70), table.num_rows, SOURCE)
    assert found["color"] == "cloud"
    assert sorted(found["groups"]) == ["c0", "c1", "c2"]
    assert len(found["points"]) == ROWS - 6
    at = np.array([[x, y] for x, y, *_ in found["points"]])
    group = np.array([number for *_, number, _ in found["points"]])
    assert at.min() == 0
    assert at.max() == 1
    centres = np.array([at[group == number].mean(axis=0) for number in range(3)])
    if dtype != "binary":
        spread = max(at[group == number].std() for number in range(3))
        gaps = [np.linalg.norm(centres[a] - centres[b]) for a, b in ((0, 1), (1, 2), (0, 2))]
        assert min(gaps) > 0.5
        assert spread < 1


def test_a_colour_may_be_asked_for_and_noise_is_not_taken():
    table = make_table()
    assert draw_map(table.to_reader(), ROWS, SOURCE, "noise")["color"] == "noise"
    assert draw_map(table.drop_columns("cloud").to_reader(), ROWS, SOURCE)["color"] is None


def test_a_large_table_is_sampled():
    found = draw_map(make_table(rows=9_000).to_reader(max_chunksize=777), 9_000, SOURCE)
    assert 1_000 < len(found["points"]) <= 1_500
    numbers = [int(text.removeprefix("<b>")) for *_, text in found["points"]]
    assert max(numbers) > 8_900


def test_too_few_texts_have_no_map():
    assert draw_map(make_table(rows=2).to_reader(), 2, SOURCE) is None


def test_the_plane_holds_the_two_widest_directions():
    wide = np.zeros((50, 5))
    wide[:, 3] = np.linspace(0, 10, 50)
    wide[:, 1] = np.sin(np.arange(50))
    at, shares = project(wide)
    np.testing.assert_allclose(np.abs(np.corrcoef(at[:, 0], wide[:, 3])[0, 1]), 1, atol=0.02)
    assert shares[0] > shares[1] > 0
    assert shares.sum() == pytest.approx(1)
    assert not project(np.ones((4, 3)))[0].any()


def test_the_report_shows_points_with_their_texts_escaped(tmp_path: Path):
    table = make_table()
    write_maps(tmp_path, [draw_map(table.to_reader(), ROWS, SOURCE)])
    step = StepRecord(Receipt(step="embed", kind="EmbedColumns"), tmp_path)
    html = str(render_maps(RunRecord(tmp_path, datetime.now(), (step,), None, "1")))
    assert html.count("<circle") == ROWS - 6
    assert "<title>&lt;b&gt;0</title>" in html
    assert "cloud:" in html
    (tmp_path / MAP_FILE).write_text("[{")
    assert render_maps(RunRecord(tmp_path, datetime.now(), (step,), None, "1")) is None
