"""Who listens to a session that a script or a notebook opens: a line a step, a bar meanwhile, and a
line that sums up at the end."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dreambolt_steps.log import LoggingReporter, Receipt, current_reporter, report_to
from dreambolt_steps.report.row_counts import count_rows
from dreambolt_steps.secret_text import hide_passwords
from dreambolt_steps.tables.text.printable import make_printable

_SHOWN_NOTES = 3


@contextmanager
def watch_session(folder: Path, *, quiet: bool) -> Iterator[None]:
    """Tell what happens inside the block, unless somebody listens already: the command line, a
    reporter of the caller's, or a handler of the standard logger `dreambolt`.

    Args:
        folder: of the session.
        quiet: tell nothing but warnings.
    """
    reporter = None if _is_heard() else _choose_reporter(quiet)
    if reporter is None:
        yield
        return
    started = time.monotonic()
    with report_to(reporter):
        try:
            yield
        finally:
            reporter.close()
        reporter.conclude(folder, time.monotonic() - started)


class ScriptReporter:
    """Prints a plain line a step to stderr, where the output of a script is not disturbed."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.receipts: list[Receipt] = []

    def start_step(self, step: str, kind: str) -> None:
        """Nothing: a line is printed when the step is done."""

    def advance_step(self, step: str, done: int, total: int | None, unit: str) -> None:
        """Nothing: plain lines have no bars."""

    def finish_step(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        if not self.quiet:
            self.print_line(describe_step(receipt))

    def say(self, message: str, level: int = logging.INFO) -> None:
        logger = logging.getLogger("dreambolt")
        if level >= logging.WARNING and logger.hasHandlers():
            logger.log(level, message)
        elif not self.quiet or level >= logging.WARNING:
            self.print_line(make_printable(message))

    def print_line(self, line: str) -> None:
        """Show a line for good."""
        print(hide_passwords(line), file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take away what is shown for a while only."""

    def conclude(self, folder: Path, seconds: float) -> None:
        """Sum up a session that came to its end."""
        if self.receipts and not self.quiet:
            self.print_line(describe_session(self.receipts, folder, seconds))


class TerminalReporter(ScriptReporter):
    """Draws a bar for the step that is running, too."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        from rich.console import Console
        from rich.progress import Progress

        self._progress = Progress(console=Console(stderr=True), transient=True, disable=quiet)
        self._task: Any = None

    def start_step(self, step: str, kind: str) -> None:
        from rich.markup import escape

        self._progress.start()
        self._task = self._progress.add_task(escape(make_printable(step)), total=None)

    def advance_step(self, step: str, done: int, total: int | None, unit: str) -> None:
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total)

    def print_line(self, line: str) -> None:
        self.close()
        super().print_line(line)

    def close(self) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None
        self._progress.stop()


def describe_step(receipt: Receipt) -> str:
    """One line: `clean: 22 rows in, 1 rejected, 21 out, 0.06 s; 1,248 distinct texts`."""
    made = f", {receipt.rows_made:,} made" if receipt.rows_made else ""
    told = (
        f"{receipt.step}: {receipt.rows_in:,} rows in, {receipt.rows_rejected:,} rejected{made}, "
        f"{receipt.rows_out:,} out, {receipt.seconds:.2f} s"
    )
    told += ", from the cache" if receipt.resumed else ""
    notes = [make_printable(note) for note in receipt.notes]
    more = [f"and {len(notes) - _SHOWN_NOTES} more notes"] if len(notes) > _SHOWN_NOTES else []
    return "; ".join([make_printable(told), *notes[:_SHOWN_NOTES], *more])


def describe_session(receipts: list[Receipt], folder: Path, seconds: float) -> str:
    """One line: steps, rows, seconds, and where the report is."""
    from dreambolt_steps.report.page import REPORT_FILE

    cached = sum(one.resumed for one in receipts)
    counts = count_rows(receipts)
    told = f"{folder}: {len(receipts):,} {'step' if len(receipts) == 1 else 'steps'}"
    told += f", {cached:,} from the cache" if cached else ""
    told += f"; {counts.read:,} rows read, {counts.rejected:,} rejected"
    told += f", {counts.made:,} made" if counts.made else ""
    told += f", {counts.written:,} at the end; {seconds:.1f} s"
    report = folder / REPORT_FILE
    return f"{told}; report: {report}" if report.is_file() else told


def find_notebook() -> Any:
    """The shell of the Jupyter kernel that this runs in; None elsewhere."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell if getattr(shell, "kernel", None) is not None else None


def _is_heard() -> bool:
    logger = logging.getLogger("dreambolt")
    is_default = type(current_reporter()) is LoggingReporter
    return not is_default or (logger.hasHandlers() and logger.isEnabledFor(logging.INFO))


def _choose_reporter(quiet: bool) -> ScriptReporter:
    if find_notebook() is not None:
        from dreambolt_steps.session.notebook_reporter import NotebookReporter

        return NotebookReporter(quiet=quiet)
    return (TerminalReporter if sys.stderr.isatty() else ScriptReporter)(quiet=quiet)
