from __future__ import annotations

import io
import json
import logging

import pytest
from rich.console import Console

from dreambolt_steps.cli.reporters import (
    BarReporter,
    JsonReporter,
    RunReporter,
    choose_reporter,
    describe_receipt,
)
from dreambolt_steps.log import Receipt

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


def test_a_terminal_gets_a_bar_and_keeps_the_lines() -> None:
    console, file = make_console(terminal=True)
    reporter = BarReporter(console)
    reporter.start_step("load [a/b]", "LoadTable")
    reporter.advance_step("load [a/b]", 500_000, 1_000_000, "texts")
    reporter.progress.refresh()
    assert "load [a/b]" in file.getvalue()
    assert "500000/1000000" in file.getvalue()
    assert "texts" in file.getvalue()
    reporter.finish_step(RECEIPT)
    assert "999,999 out" in file.getvalue()
    reporter.close()


def test_a_run_that_fails_in_mid_step_takes_its_bar_away() -> None:
    console, _ = make_console(terminal=True)
    reporter = BarReporter(console)
    reporter.start_step("load", "LoadTable")
    reporter.close()
    assert reporter.progress.tasks == []
    assert not reporter.progress.live.is_started


def test_json_lines_carry_run_time_step_and_event(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = JsonReporter(make_console()[0])
    play(reporter)
    events = [json.loads(line) for line in capsys.readouterr().out.strip().split("\n")]
    assert [event["event"] for event in events] == ["start", "progress", "message", "finish"]
    assert len({event["run_id"] for event in events}) == 1
    assert all(isinstance(event["time"], float) for event in events)
    assert [event["step"] for event in events] == ["load [a/b]"] * 4
    assert (events[1]["done"], events[1]["total"]) == (500_000, 1_000_000)
    assert events[3]["rows_rejected"] == 1
    reporter.say("between steps")
    assert json.loads(capsys.readouterr().out)["step"] is None


def test_the_reporter_fits_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert type(choose_reporter(json_logs=False, quiet=False)) is RunReporter
    assert type(choose_reporter(json_logs=True, quiet=False)) is JsonReporter
