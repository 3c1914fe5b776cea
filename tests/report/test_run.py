"""The report that a session leaves behind."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps import CleanTable, ExportParquet, LoadTable, columns, limit_rejects
from dreambolt_steps.dry_run import rehearse
from dreambolt_steps.errors import RejectLimitError, UsageError
from dreambolt_steps.report.run import report_run
from tests.report.test_page import read_text


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("id,name\n1,<script>x</script>\n2,b,<script>y</script>\n3,c\n")
    return path


def build(source: Path, out: Path, **args: Any) -> None:
    raw = LoadTable("load", args={"source": str(source)})
    clean = CleanTable("clean", inputs=columns(raw), args=args)
    from datadreamer.steps import DataSource

    DataSource("their own", data={"x": [1, 2, 3, 4, 5, 6, 7]})
    ExportParquet("export", inputs=columns(clean), args={"path": str(out / "people")})


def test_every_run_leaves_its_report(
    session: Callable[..., Any], source: Path, tmp_path: Path
) -> None:
    report = tmp_path / "session" / "report.html"
    with session():
        pass
    assert not report.exists()  # nothing was run
    with session():
        build(source, tmp_path)
    page = report.read_text(encoding="utf-8")
    text = read_text(page)
    assert "3 rows read − 1 rejected = 2 written" in text
    assert "1 3 fields where the table has 2 columns" in text
    assert "people.csv line 3 2,b,<script>y</script>" in text
    assert "their own DataSource 7" in text
    assert "<script>" not in page
    with session():
        build(source, tmp_path)
    assert read_text(report.read_text(encoding="utf-8")).count("from the cache") == 4


def test_a_run_that_is_stopped_leaves_one_too(
    session: Callable[..., Any], source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    report = tmp_path / "session" / "report.html"
    with (
        caplog.at_level(logging.INFO, "dreambolt"),
        pytest.raises(RejectLimitError),
        session(),
        limit_rejects(0),
    ):
        build(source, tmp_path)
    assert f"report: {report}" in caplog.messages
    text = read_text(report.read_text(encoding="utf-8"))
    assert "Stopped. 1 of 3 rows read were rejected" in text
    assert "3 rows read − 1 rejected = 2 left when it stopped" in text


def test_a_step_that_fails_leaves_one_with_what_was_wrong(
    session: Callable[..., Any], source: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="integr"), session():
        build(source, tmp_path, types={"id": "integr"})
    text = read_text((tmp_path / "session" / "report.html").read_text(encoding="utf-8"))
    assert "unknown type 'integr'" in text


def test_a_rehearsal_leaves_none(session: Callable[..., Any], source: Path, tmp_path: Path) -> None:
    with rehearse(), session():
        build(source, tmp_path)
    assert not (tmp_path / "session" / "report.html").exists()


def test_a_report_that_cannot_be_written_harms_no_run(
    session: Callable[..., Any], source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "session" / "report.html").mkdir(parents=True)
    with session():
        build(source, tmp_path)
    assert (tmp_path / "people").is_dir()
    assert "the report could not be written: IsADirectoryError" in caplog.text


def test_other_errors_leave_the_report_of_the_run_before(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("before")
    with pytest.raises(KeyboardInterrupt), report_run(tmp_path, lambda: [object()]):
        raise KeyboardInterrupt
    assert (tmp_path / "report.html").read_text() == "before"
