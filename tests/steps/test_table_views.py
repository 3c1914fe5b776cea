"""What finished steps show: tables in Python, HTML in notebooks, errors in a few lines."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dreambolt_steps import CleanTable, LoadTable, columns
from dreambolt_steps.errors import UsageError
from dreambolt_steps.session.fast_import import import_datadreamer
from dreambolt_steps.session.watch_session import ScriptReporter
from dreambolt_steps.tables.to_pandas import convert_table
from dreambolt_steps.tracebacks import render_failure, shorten_errors

_ROWS = "Name;Größe;When\nAna;1,5;2024-01-01\nBob <b>;;2024-02-01\nCid;x;\n"
_ARGS = CleanTable.Args(types={"Größe": "decimal(5,1)"})


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "people.csv"
    path.write_text(_ROWS)
    return str(path)


def run_steps(source: str) -> tuple[Any, Any]:
    raw = LoadTable("load", args={"source": source})
    return raw, CleanTable("clean", inputs=columns(raw), args=_ARGS)


def test_a_table_is_there_as_arrow_and_pandas_also_once_the_session_is_closed(
    session: Callable[..., Any], source: str, tmp_path: Path
) -> None:
    with session():
        raw, clean = run_steps(source)
        assert clean.report() == tmp_path / "session/report.html"
        so_far = clean.report().read_text()
    assert "clean" in so_far
    assert clean.schema.names == ["name", "grosse", "when"]
    assert clean.to_arrow().column("name").to_pylist() == ["Ana", "Bob <b>"]
    assert clean.to_pandas()["when"].tolist()[0].isoformat() == "2024-01-01"
    assert clean.head(1)["name"].tolist() == ["Ana"]
    assert sorted(clean.head(5, shuffle=True, seed=1)["name"]) == ["Ana", "Bob <b>"]
    (reject,) = clean.rejects.to_pylist()
    assert (reject["line"], reject["column"], reject["value"]) == (4, "Größe", "x")
    assert raw.rejects.num_rows == 0
    assert "reason" in raw.rejects.schema.names
    assert repr(clean) == "<CleanTable 'clean': 2 rows, 3 columns, 1 rejected>"
    assert clean.report().is_file()


def test_html_has_counts_the_head_and_a_link_and_escapes_values(
    session: Callable[..., Any], source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with session():
        _, clean = run_steps(source)
    html = clean._repr_html_()
    assert "3 rows in, 1 rejected, 2 out" in html
    assert "Bob &lt;b&gt;" in html
    assert "<b>;" not in html
    assert ">NULL</span>" in html
    assert "decimal(5,1)" in html
    assert '<a href="session/report.html"' in html
    assert "step.rejects" in html


def test_a_session_in_memory_shows_its_tables_and_says_that_it_has_no_report(source: str) -> None:
    with import_datadreamer().DataDreamer(":memory:", verbose=False):
        _, clean = run_steps(source)
        with pytest.raises(UsageError, match="is in memory and has no report"):
            clean.report()
        assert clean.rejects.num_rows == 1
        assert "2 rows × 3 columns" in clean._repr_html_()
        assert "report.html" not in clean._repr_html_()


def test_numbers_stay_whole_and_far_years_stay_what_they_are() -> None:
    table = pa.table(
        {
            "n": pa.array([2**62 + 1, None], pa.int64()),
            "u": pa.array([200, None], pa.uint8()),
            "far": pa.array([datetime(1500, 1, 2), None], pa.timestamp("us")),
        }
    )
    frame = convert_table(table)
    assert frame["n"].tolist()[0] == 2**62 + 1
    assert str(frame["n"].dtype) == "Int64"
    assert str(frame["u"].dtype) == "UInt8"
    assert frame["far"][0] == datetime(1500, 1, 2)
    assert frame["far"].isna().tolist() == [False, True]
    assert convert_table(pa.table({"a": []})).shape == (0, 1)


def test_a_script_is_told_a_line_a_step_and_a_line_that_sums_up(
    session: Callable[..., Any], source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with session():
        run_steps(source)
    told = capsys.readouterr()
    assert told.out == ""
    first, second, last = told.err.strip().split("\n")
    assert first.startswith("load: 3 rows in, 0 rejected, 3 out, ")
    assert second.startswith("clean: 3 rows in, 1 rejected, 2 out, ")
    assert "session: 2 steps; 3 rows read, 1 rejected, 2 at the end; " in last
    assert last.endswith("report.html")
    with session(quiet=True):
        run_steps(source)
    assert capsys.readouterr().err == ""


def test_an_error_in_a_script_is_a_few_lines_with_its_step_and_line(
    source: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from dreambolt_steps import CleanTable, LoadTable, columns, open_session\n"
        f"with open_session({str(tmp_path / 's')!r}):\n"
        f"    raw = LoadTable('load', args={{'source': {source!r}}})\n"
        "    CleanTable('clean', inputs=columns(raw), args={'types': {'nane': 'text'}})\n"
    )
    shown: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda *caught: shown.append("whole traceback"))
    monkeypatch.chdir(tmp_path)
    shorten_errors()
    with pytest.raises(Exception, match="nane") as caught:
        runpy.run_path(str(script))
    capsys.readouterr()
    sys.excepthook(caught.type, caught.value, caught.tb)
    lines = capsys.readouterr().err.strip().split("\n")
    assert "'nane'" in lines[0]
    assert lines[1] == "  in step clean (CleanTable)"
    assert lines[2].startswith("  at script.py, line 4: CleanTable('clean', inputs=columns(raw)")
    assert len(lines) == 4
    assert shown == []
    sys.excepthook(ValueError, ValueError("other"), None)
    assert shown == ["whole traceback"]


def test_passwords_in_addresses_are_shown_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    secret = "https://ann:hunter2@example.com/v1"
    try:
        raise UsageError(f"{secret} does not answer")
    except UsageError as error:
        lines = render_failure(error)
    assert "hunter2" not in "".join(lines)
    assert "example.com/v1 does not answer" in lines[0]
    ScriptReporter().say(f"waits for {secret}")
    assert "hunter2" not in capsys.readouterr().err
