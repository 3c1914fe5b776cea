"""The lowest quality of synthetic rows: held before anything leaves the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from dreambolt_steps import (
    AssessSynthesis,
    CleanTable,
    LoadTable,
    SynthesizeRows,
    columns,
    require_quality,
)
from dreambolt_steps.cli.app import app
from dreambolt_steps.errors import QualityLimitError, UsageError


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(5)
    # a copula knows of more and less only, not of a price that falls and then rises
    lines = [f"{one:.3f},{(one - 5) ** 2:.2f}" for one in random.uniform(0, 10, 200)]
    path = tmp_path / "boxes.csv"
    path.write_text("\n".join(["weight,price", *lines]) + "\n")
    return path


def build(source: Path, **args: Any) -> Any:
    step: Any = LoadTable("load", args={"source": str(source)})
    step = CleanTable("clean", inputs=columns(step))
    drawn = {"rows": 40, "method": "copula"}
    step = SynthesizeRows("synthesize", inputs=columns(step), args=drawn)
    return AssessSynthesis("assess", inputs=columns(step), args=args or None)


def test_a_lower_quality_stops_the_run_and_a_lower_limit_goes_on(
    source: Path, session: Callable[..., Any]
) -> None:
    with (
        pytest.raises(QualityLimitError, match="--min-quality asks for 100; likeness"),
        require_quality(100),
        session(),
    ):
        build(source)
    with require_quality(20) as limit, session():
        step = build(source)
    assert step.receipt.resumed
    assert limit.asked == 1
    scores = step.output.dataset.to_list()
    assert {one["part"] for one in scores} >= {"columns", "pairs", "coverage", "privacy", "quality"}
    quality = next(one["value"] for one in scores if one["measure"] == "quality")
    assert quality == step.receipt.report["quality"]
    with pytest.raises(QualityLimitError, match=r"min_quality asks for 99\.9"), session():
        build(source, min_quality=99.9)


def test_a_limit_that_nothing_was_held_to_is_told(source: Path) -> None:
    with pytest.raises(UsageError, match="no AssessSynthesis step ran"), require_quality(50):
        pass
    with pytest.raises(UsageError, match="a number from 0 to 100"), require_quality(101):
        pass


def call(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "120"}).invoke(app, list(arguments))


def test_the_command_line_stops_with_code_1_and_nothing_loaded(source: Path) -> None:
    command = ["ingest", "boxes.csv", "--synth", "40", "--synth-method", "copula"]
    done = call(*command, "--min-quality", "100")
    assert done.exit_code == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "assess: the synthetic rows have a quality of" in line
    assert "nothing more is exported or loaded" in line
    assert not Path("out").exists()
    report = Path("sessions/boxes/report.html").read_text()
    assert "Synthetic rows</h2>" in report
    done = call(*command, "--min-quality", "10")
    assert done.exit_code == 0, done.stderr
    assert "quality of assess: " in done.stdout
    assert "200 read + 40 synthesized - 0 rejected = 240 written" in done.stdout
    with duckdb.connect("out/boxes.duckdb", read_only=True) as connection:
        counted = "SELECT count(*), count(*) FILTER (_synthetic) FROM boxes"
        assert connection.execute(counted).fetchall() == [(240, 40)]
    done = call("ingest", "boxes.csv", "--min-quality", "50")
    assert done.exit_code == 2
    assert "say how many with --synth" in done.stderr
    done = call(
        *command, "--min-quality", "50", "--mode", "replace", "--dry-run", "--session", "dry"
    )
    assert done.exit_code == 0, done.stderr
    assert "would compare the synthetic rows" in done.stdout
