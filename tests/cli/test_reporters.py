from __future__ import annotations

import io
import json
import logging
from datetime import datetime

import pytest
from rich.console import Console

from dreambolt_steps.cli.json_log import VERSION
from dreambolt_steps.cli.reporters import (
    BarReporter,
    JsonReporter,
    RunReporter,
    choose_reporter,
    describe_receipt,
)
from dreambolt_steps.log import Receipt, begin_run

RECEIPT = Receipt(
    "load [a/b]",
    "LoadTable",
    rows_in=1_000_000,
    rows_out=999_999,
    rows_rejected=1,
    seconds=0.412,
    notes=["first reject: x[1].csv line 7: too many fields"],
)


def make_console(*, terminal: bool = False) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=100, force_terminal=terminal), file


def play(reporter: RunReporter) -> None:
    reporter.start_step("load [a/b]", "LoadTable")
    reporter.advance_step("load [a/b]", 500_000, 1_000_000, "rows")
    reporter.say("the export is gone; it is made again [/x]")
    reporter.finish_step(RECEIPT)


def test_plain_output_is_one_line_a_step() -> None:
    console, file = make_console()
    play(RunReporter(console))
    assert file.getvalue() == (
        "the export is gone; it is made again [/x]\n"
        "load [a/b]: 1,000,000 rows in, 1 rejected, 999,999 out, 0.41 s; "
        "first reject: x[1].csv line 7: too many fields\n"
    )


def test_a_long_step_says_every_ten_seconds_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    console, file = make_console()
    reporter = RunReporter(console)
    now = [100.0]
    monkeypatch.setattr("dreambolt_steps.cli.reporters.time.monotonic", lambda: now[0])
    reporter.start_step("embed", "EmbedColumns")
    for done in range(0, 40_000, 1_000):
        now[0] += 0.6
        reporter.advance_step("embed", done, 40_000, "texts")
    assert file.getvalue() == (
        "embed: 16,000 of 40,000 texts so far\nembed: 33,000 of 40,000 texts so far\n"
    )


def test_many_notes_stand_below_the_line_and_can_t_command_the_screen() -> None:
    notes = ["proposals for 3 of 3 columns", "a -> b (code): x", "c (count): y", "d: \x1b[2Jz"]
    told = describe_receipt(Receipt("suggest", "SuggestSchema", 3, 3, notes=notes))
    assert told.split("\n") == [
        "suggest: 3 rows in, 0 rejected, 3 out, 0.00 s",
        "  proposals for 3 of 3 columns",
        "  a -> b (code): x",
        "  c (count): y",
        "  d: \\x1b[2Jz",
    ]


def test_quiet_output_is_warnings_only() -> None:
    console, file = make_console()
    reporter = RunReporter(console, quiet=True)
    play(reporter)
    reporter.say("the session is in use", logging.WARNING)
    assert file.getvalue() == "the session is in use\n"
    assert reporter.receipts == [RECEIPT]


def test_a_terminal_gets_bars_and_no_lines_that_the_closing_table_says_again() -> None:
    console, file = make_console(terminal=True)
    reporter = BarReporter(console)
    reporter.start_step("load [a/b]", "LoadTable")
    reporter.advance_step("load [a/b]", 500_000, 1_000_000, "texts")
    reporter.progress.refresh()
    assert "load [a/b]" in file.getvalue()
    assert "500000/1000000" in file.getvalue()
    assert "texts" in file.getvalue()
    reporter.finish_step(RECEIPT)
    reporter.say("the session is in use", logging.WARNING)
    reporter.start_step("clean", "CleanTable")
    reporter.progress.refresh()
    assert "999999/999999" in file.getvalue()
    assert "the session is in use" in file.getvalue()
    assert "999,999 out" not in file.getvalue()
    for number in range(20):
        reporter.start_step(f"step {number}", "CleanTable")
    assert len(reporter.progress.tasks) == 8
    reporter.close()
    assert reporter.receipts == [RECEIPT]


def test_a_run_that_fails_in_mid_step_takes_its_bar_away() -> None:
    console, _ = make_console(terminal=True)
    reporter = BarReporter(console)
    reporter.start_step("load", "LoadTable")
    reporter.close()
    assert reporter.progress.tasks == []
    assert not reporter.progress.live.is_started


def test_json_lines_carry_version_time_level_run_step_and_event(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reporter = JsonReporter(make_console()[0])
    with begin_run() as run_id:
        play(reporter)
        reporter.say("between steps", logging.WARNING)
    events = [json.loads(line) for line in capsys.readouterr().out.strip().split("\n")]
    assert [one["event"] for one in events] == ["start", "progress", "message", "finish", "message"]
    assert {event["run_id"] for event in events} == {run_id}
    assert {event["version"] for event in events} == {VERSION}
    assert [event["level"] for event in events] == ["info"] * 4 + ["warning"]
    assert all(datetime.fromisoformat(event["time"]).tzinfo for event in events)
    assert [event["step"] for event in events] == ["load [a/b]"] * 4 + [None]
    assert (events[1]["done"], events[1]["total"]) == (500_000, 1_000_000)
    assert (events[3]["rows_rejected"], events[3]["made_by_run"]) == (1, None)


def test_the_reporter_fits_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert type(choose_reporter(json_logs=False, quiet=False)) is RunReporter
    assert type(choose_reporter(json_logs=True, quiet=False)) is JsonReporter


def test_what_deserves_a_look_is_an_event_each(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = JsonReporter(make_console()[0])
    reasons = [["2 fields where the table has 3 columns", None, False, 60]]
    counts = {"rows_in": 100, "rows_out": 40, "rows_rejected": 60}
    load = Receipt("load", "LoadTable", **counts, report={"reasons": reasons, "warnings": ["w"]})
    reporter.receipts.append(load)
    reporter.tell_findings()
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["event"], first["level"], first["weight"]) == ("finding", "warning", "major")
    assert (first["step"], first["kind"], first["count"]) == ("load", "rejected_rows", 60)
    assert first["remedy"]["option"] == "--load ragged=pad"
    assert first["told"].startswith("load: 60 of 100 rows rejected")
    assert (second["level"], second["weight"], second["what"]) == ("info", "note", "w")
