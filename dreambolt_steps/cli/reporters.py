"""Who listens to a run: a progress bar on a terminal, plain lines elsewhere, JSON lines on
request."""

from __future__ import annotations

import logging
import time

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from dreambolt_steps.cli.json_log import write_event
from dreambolt_steps.cli.tables import make_printable
from dreambolt_steps.findings.listing import list_findings
from dreambolt_steps.log import Receipt
from dreambolt_steps.secret_text import hide_passwords

_NOTES_IN_LINE = 3
_SECONDS_BETWEEN = 1
_SECONDS_BETWEEN_LINES = 10
_BARS = 8  # on the screen at once


class RunReporter:
    """Collects receipts, and prints one plain line a step."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self.console = console
        self.quiet = quiet
        self.receipts: list[Receipt] = []
        self._told = time.monotonic()

    def start_step(self, step: str, kind: str) -> None:
        self._told = time.monotonic()

    def advance_step(self, step: str, done: int, total: int | None, unit: str) -> None:
        """A line every ten seconds, so that a log shows that a long step goes on."""
        if self.quiet or time.monotonic() - self._told < _SECONDS_BETWEEN_LINES:
            return
        self._told = time.monotonic()
        of_all = "" if total is None else f" of {total:,}"
        self._print(f"{make_printable(step)}: {done:,}{of_all} {unit} so far")

    def finish_step(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        if not self.quiet:
            self._print(describe_receipt(receipt))

    def say(self, message: str, level: int = logging.INFO) -> None:
        if not self.quiet or level >= logging.WARNING:
            self._print(message)

    def close(self) -> None:
        """Nothing: plain output has no bars."""

    def _print(self, line: str) -> None:
        # Step names and paths may hold brackets, which are no markup here.
        self.console.print(hide_passwords(line), highlight=False, soft_wrap=True, markup=False)


class BarReporter(RunReporter):
    """Draws a bar for each step, above the closing table that says the same for good."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        super().__init__(console, quiet=quiet)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def start_step(self, step: str, kind: str) -> None:
        self.progress.start()
        for old in self.progress.task_ids[: -_BARS + 1]:
            self.progress.remove_task(old)
        self._task = self.progress.add_task(escape(make_printable(step)), total=None, unit="rows")

    def advance_step(self, step: str, done: int, total: int | None, unit: str) -> None:
        if self._task is not None:
            self.progress.update(self._task, completed=done, total=total, unit=unit)

    def finish_step(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        if self._task is not None:
            rows, cached = receipt.rows_out, ", from the cache" if receipt.resumed else ""
            self.progress.update(self._task, completed=rows, total=rows, unit=f"rows{cached}")

    def close(self) -> None:
        """Take the bars off the screen."""
        for task in self.progress.task_ids:
            self.progress.remove_task(task)
        self._task = None
        self.progress.stop()


class JsonReporter(RunReporter):
    """Writes events (`json_log`) and nothing else."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        super().__init__(console, quiet=quiet)
        self._step: str | None = None
        self._told = 0.0

    def start_step(self, step: str, kind: str) -> None:
        self._step = step
        write_event("start", step=step, kind=kind)

    def advance_step(self, step: str, done: int, total: int | None, unit: str) -> None:
        if time.monotonic() - self._told > _SECONDS_BETWEEN:
            self._told = time.monotonic()
            write_event("progress", step=step, done=done, total=total, unit=unit)

    def finish_step(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        made_by = receipt.to_dict()
        made_by["made_by_run"] = made_by.pop("run_id")  # of a cached step: an earlier one
        write_event("finish", **made_by)
        self._step = None

    def say(self, message: str, level: int = logging.INFO) -> None:
        write_event("message", level=level, step=self._step, message=message)

    def tell_findings(self) -> None:
        """Write what deserves a look, one `finding` a line, the worst first; how much each weighs
        stands under `weight`, since `level` is that of the log."""
        for one in list_findings(self.receipts):
            told = one.to_dict() | {"step": one.step or None}
            level = logging.INFO if one.level == "note" else logging.WARNING
            write_event("finding", level=level, weight=told.pop("level"), **told)


def choose_reporter(*, json_logs: bool, quiet: bool) -> RunReporter:
    """The reporter that fits the output: JSON on request, bars on a terminal, else plain lines."""
    console = Console()
    if json_logs:
        return JsonReporter(console, quiet=quiet)
    has_bars = console.is_terminal and not console.is_dumb_terminal
    return (BarReporter if has_bars else RunReporter)(console, quiet=quiet)


def describe_receipt(receipt: Receipt) -> str:
    """One line: `clean: 22 rows in, 0 rejected, 22 out, 0.06 s`; many notes stand below it."""
    told = (
        f"{receipt.step}: {receipt.rows_in:,} rows in, {receipt.rows_rejected:,} rejected, "
        f"{receipt.rows_out:,} out, {receipt.seconds:.2f} s"
    )
    if receipt.resumed:
        told += ", from the cache"
    notes = [make_printable(note) for note in receipt.notes]
    if len(notes) <= _NOTES_IN_LINE:
        return "; ".join([told, *notes])
    return "\n  ".join([told, *notes])
