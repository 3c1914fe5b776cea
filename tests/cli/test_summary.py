from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from dreambolt_steps.cli.summary import add_up, show_summary
from dreambolt_steps.log import Receipt

LOAD = Receipt("load", "LoadTable", rows_in=1000, rows_out=997, rows_rejected=3, seconds=0.5)
CLEAN = Receipt("clean", "CleanTable", rows_in=997, rows_out=990, rows_rejected=7)
SYNTHESIZE = Receipt("more", "SynthesizeRows", rows_in=990, rows_out=1010, rows_made=20)
EXPORT = Receipt("export", "ExportParquet", rows_in=990, rows_out=990, files=["out/p.parquet"])
EXPORT_MORE = Receipt("export", "ExportParquet", rows_in=1010, rows_out=1010)
COPY = Receipt("copy into", "CopyIntoDuckDB", rows_in=990, rows_out=990)


@pytest.mark.parametrize(
    ("receipts", "expected"),
    [
        ([LOAD, CLEAN, EXPORT, COPY], "1,000 read - 10 rejected = 990 written"),
        (
            [LOAD, CLEAN, SYNTHESIZE, EXPORT_MORE],
            "1,000 read + 20 synthesized - 10 rejected = 1,010 written",
        ),
        ([LOAD], "1,000 read - 3 rejected = 997 written"),
        (
            [replace(CLEAN, values_discarded=12)],
            "997 read - 7 rejected = 990 written; 12 values discarded in rows that were kept",
        ),
        (
            [LOAD, Receipt("export", "ExportParquet", rows_in=5, rows_out=5)],
            "1,000 read - 3 rejected -992 by other steps = 5 written",
        ),
        (
            [LOAD, LOAD, EXPORT, EXPORT],
            "2,000 read - 6 rejected, 1,980 written (2 sources, 2 targets)",
        ),
        ([Receipt("mine", "MyOwnStep", rows_out=3)], "no step of this package ran"),
        ([], "no step of this package ran"),
    ],
)
def test_the_counts_of_a_run_add_up(receipts: list[Receipt], expected: str) -> None:
    assert add_up(receipts) == expected


def test_a_step_that_loses_rows_is_named() -> None:
    lossy = Receipt("clean", "CleanTable", rows_in=997, rows_out=990)
    assert add_up([LOAD, lossy, EXPORT]) == (
        "warning: clean: 997 rows in, 990 out: 7 rows are gone without a word. "
        "This is an error of dreambolt_steps; please report it."
    )


def show(receipts: list[Receipt], *, dry_run: bool = False) -> list[str]:
    console = Console(file=io.StringIO(), width=100)
    show_summary(console, receipts, Path("sessions/[a]"), dry_run=dry_run)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().split("\n")


def test_the_table_names_steps_rows_speed_and_the_cache() -> None:
    cached = Receipt("clean", "CleanTable", rows_in=997, rows_out=997, resumed=True)
    lines = show([LOAD, cached])
    assert lines[1].split() == ["step", "rows", "in", "rejected", "out", "seconds", "rows/s"]
    assert lines[2].split() == ["load", "1,000", "3", "997", "0.50", "1,994"]
    assert lines[3].split() == ["clean", "997", "0", "997", "from", "the", "cache"]


def test_the_time_of_the_whole_run_ends_the_table_and_cached_steps_are_grey() -> None:
    file = io.StringIO()
    console = Console(file=file, width=100, force_terminal=True, color_system="standard")
    cached = replace(CLEAN, resumed=True)
    show_summary(console, [LOAD, cached], Path("s"), seconds=12.345, run_id="20260102T030405Z-ab")
    lines = file.getvalue().split("\n")
    assert "\x1b[2mclean" in lines[3]
    assert "\x1b[2m" not in lines[2]
    assert "12.35" in lines[4]
    assert "1 of 2 steps cached" in lines[4]
    assert "run: 20260102T030405Z-ab" in lines


def test_a_dry_run_says_that_nothing_was_written() -> None:
    assert "a dry run: nothing was written but what is kept in sessions/[a], and no model ran" in (
        show([LOAD, EXPORT], dry_run=True)
    )


def test_a_run_that_failed_ends_with_the_steps_that_were_finished() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    noted = replace(LOAD, notes=["first reject: a.csv line 3", "2 files"])
    show_summary(console, [noted], Path("s"), failed=True, run_id="r")
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "load: 2 files\nsession: s\nrun: r\n" in told
    assert "written" not in told


def test_the_report_is_worth_a_command() -> None:
    copied = replace(COPY, report={"next": ["query x 'SELECT 1'"]})
    assert any(line.endswith(" report '[a]' --open") for line in show([copied]))


def test_brackets_in_names_and_paths_are_printed_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    export = Receipt("[/bold] x", "ExportParquet", files=[str(tmp_path / "out[1]" / "[b].parquet")])
    copied = Receipt("copy", "CopyIntoDuckDB", notes=["table [red] in [/]"])
    lines = show([export, copied])
    assert lines[2].startswith("[/bold] x")
    assert {"file: out[1]/[b].parquet", "table [red] in [/]", "session: sessions/[a]"} <= set(lines)


def test_many_files_are_counted_not_listed() -> None:
    export = Receipt("export", "ExportParquet", files=[f"{i}.parquet" for i in range(1000)])
    lines = show([export])
    assert sum(line.startswith("file: ") for line in lines) == 8
    assert "  and 992 more files" in lines


def test_commands_to_try_are_printed_verbatim_unless_nothing_was_loaded() -> None:
    copied = Receipt("copy", "CopyIntoDuckDB", report={"next": ["query x.duckdb 'SELECT [1]'"]})
    assert any(line.endswith(" query x.duckdb 'SELECT [1]'") for line in show([copied]))
    assert "try next:" not in show([copied], dry_run=True)


def test_a_score_of_few_rows_is_no_praise() -> None:
    report = {"quality": 100.0, "quality_doubt": "too few rows to tell"}
    notes = ["likeness 100"]
    assess = Receipt("assess", "AssessSynthesis", rows_in=42, rows_out=55, report=report)
    lines = show([replace(assess, notes=notes)])
    assert "quality of assess: not told by so few rows (100.0)" in lines
    sure = replace(assess, notes=notes, report={"quality": 100.0})
    assert "quality of assess: 100.0 of 100; likeness 100" in show([sure])


def test_what_deserves_a_look_comes_last_with_what_to_do() -> None:
    reasons = [["2 fields where the table has 3 columns", None, False, 60]]
    load = replace(LOAD, rows_out=940, rows_rejected=60, report={"reasons": reasons})
    lines = show([load])
    at = lines.index("1 thing to look at:")
    told = " ".join(" ".join(lines[at + 1 :]).split())
    assert told == (
        "major load: 60 of 1,000 rows rejected: 2 fields where the table has 3 columns. Rows that "
        "are too short are kept with: --load ragged=pad"
    )
