"""A run from the first look at its arguments to its last word: who listens, its id, its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dreambolt_steps.cli.failures import describe_failure, find_exit_code, show_command
from dreambolt_steps.cli.json_log import write_event
from dreambolt_steps.cli.reporters import JsonReporter, RunReporter, choose_reporter
from dreambolt_steps.log import begin_run, report_to

_STATUS = {0: "done", 130: "interrupted"}


@dataclass
class WatchedRun:
    """A run that goes on.

    Attributes:
        reporter: who listens.
        run_id: its id.
        dry_run: whether it only says what it would do.
        started: when, by the monotonic clock.
        session: its folder, as soon as it is known.
        as_options: whether the steps are those of `ingest`, which has options for their arguments.
    """

    reporter: RunReporter
    run_id: str
    dry_run: bool
    started: float = field(default_factory=time.monotonic)
    session: Path | None = None
    as_options: bool = True


@contextmanager
def watch_run(*, json_logs: bool, quiet: bool, dry_run: bool) -> Iterator[WatchedRun]:
    """Listen to the run inside the block, and tell how it ended.

    Args:
        json_logs: events instead of text.
        quiet: only warnings and errors.
        dry_run: whether the run only says what it would do.

    Raises: what the block raises.
    """
    reporter = choose_reporter(json_logs=json_logs, quiet=quiet)
    with begin_run() as run_id, report_to(reporter):
        run = WatchedRun(reporter, run_id, dry_run)
        if json_logs:
            write_event("run_started", command=show_command(), dry_run=dry_run)
        try:
            yield run
        except BaseException as error:
            reporter.close()
            _tell_end(run, error)
            raise
        reporter.close()
        _tell_end(run, None)


def _tell_end(run: WatchedRun, error: BaseException | None) -> None:
    seconds = time.monotonic() - run.started
    reporter = run.reporter
    if isinstance(reporter, JsonReporter):
        reporter.tell_findings()
        code = 0 if error is None else find_exit_code(error)
        if error is not None and code in (1, 2):
            kind = type(error).__name__
            told = describe_failure(error)
            write_event("error", level=logging.ERROR, error=kind, message=told, exit_code=code)
        _write_finished(run, code, seconds)
    elif run.session is None or reporter.quiet:
        return
    elif error is None or (reporter.console.is_terminal and reporter.receipts):
        from dreambolt_steps.cli.summary import show_summary

        show_summary(
            reporter.console,
            reporter.receipts,
            run.session,
            dry_run=run.dry_run,
            as_options=run.as_options,
            run_id=run.run_id,
            seconds=seconds,
            failed=error is not None,
        )


def _write_finished(run: WatchedRun, code: int, seconds: float) -> None:
    from dreambolt_steps.report.page import REPORT_FILE
    from dreambolt_steps.report.row_counts import EXPORT_KINDS, count_rows

    receipts = run.reporter.receipts
    counts = count_rows(receipts)
    is_written = not run.dry_run and any(one.kind in EXPORT_KINDS for one in receipts)
    report = run.session / REPORT_FILE if run.session and not run.dry_run else None
    write_event(
        "run_finished",
        level=logging.INFO if code == 0 else logging.ERROR,
        status=_STATUS.get(code, "failed"),
        exit_code=code,
        dry_run=run.dry_run,
        seconds=round(seconds, 3),
        session=str(run.session) if run.session else None,
        report=str(report) if report and report.is_file() else None,
        steps=len(receipts),
        steps_cached=sum(receipt.resumed for receipt in receipts),
        rows_read=counts.read,
        rows_made=counts.made,
        rows_rejected=counts.rejected,
        rows_written=counts.written if is_written else 0,
        next=_list_next(receipts),
    )


def _list_next(receipts: Sequence[object]) -> list[str]:
    return [line for one in receipts for line in getattr(one, "report", {}).get("next", [])]
