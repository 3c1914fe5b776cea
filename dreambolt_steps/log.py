"""What a run tells its user: one receipt a step, progress on the way, and who listens.

Steps report to the current `Reporter`. The command line sets one (rich on a terminal, plain lines
elsewhere, JSON lines on request); inside a plain DataDreamer session nobody listens but the
standard logger `dreambolt`.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from dreambolt_steps.secret_text import hide_passwords

_run_ids: list[str] = []


def current_run_id() -> str | None:
    """The id of the run that goes on; None outside of one."""
    return _run_ids[-1] if _run_ids else None


@contextmanager
def begin_run() -> Iterator[str]:
    """Give what happens inside the block one run id: in its receipts, report, records of loads and
    log lines. Inside a run that has begun already its id stays.

    Example:
        >>> with begin_run() as outer, begin_run() as inner:
        ...     outer == inner == current_run_id()
        True
    """
    now = datetime.now(UTC)
    _run_ids.append(current_run_id() or f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}")
    try:
        yield _run_ids[-1]
    finally:
        _run_ids.pop()


@dataclass
class Receipt:
    """What one step did. Rows add up: `rows_in + rows_made = rows_rejected + rows_dropped +
    rows_out`.

    Args:
        step: the step's name in its session.
        kind: the step's class, such as `CleanTable`.
        rows_in: rows that came in (for `LoadTable`: rows found in the source).
        rows_out: rows handed on, exported or loaded.
        rows_rejected: rows that could not be read, or broke a rule; they are kept in `rejects`.
        values_discarded: values put to NULL in rows that were kept, or left out with their column;
            `rejects` holds them too.
        rows_made: rows that did not exist before (synthesized).
        rows_dropped: rows that the step was asked to leave out: merged into others, or without a
            match.
        seconds: wall-clock time of the run that produced the result.
        resumed: the result came from the session's cache; `seconds` is then that of the original
            run.
        files: artefacts outside the session: exported files, a database.
        rejects: the Parquet file that keeps the rejected rows, if there are any.
        notes: short facts a reader wants, such as `table players in worldcup.duckdb`.
        report: details for machines and for `dreambolt session show`.
        run_id: of the run that produced the result; None for one of an older version.
    """

    step: str
    kind: str
    rows_in: int = 0
    rows_out: int = 0
    rows_rejected: int = 0
    rows_made: int = 0
    rows_dropped: int = 0
    values_discarded: int = 0
    seconds: float = 0.0
    resumed: bool = False
    files: list[str] = field(default_factory=list)
    rejects: str | None = None
    notes: list[str] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    run_id: str | None = field(default_factory=current_run_id)

    def to_dict(self) -> dict[str, Any]:
        """Every field, ready for JSON."""
        return asdict(self)


class Reporter(Protocol):
    """Receives what steps tell. All methods return quickly and never raise."""

    def start_step(self, step: str, kind: str) -> None:
        """A step begins to run (or to be resumed)."""

    def advance_step(self, step: str, done: int, total: int | None, unit: str) -> None:
        """`done` of `total` units are finished; `total` is None when it isn't known."""

    def finish_step(self, receipt: Receipt) -> None:
        """A step has its result."""

    def say(self, message: str, level: int = logging.INFO) -> None:
        """One line for the user."""


class LoggingReporter:
    """Reports to the standard logger `dreambolt`: the default inside plain sessions."""

    def __init__(self) -> None:
        self.logger = logging.getLogger("dreambolt")

    def start_step(self, step: str, kind: str) -> None:
        self.logger.debug("%s (%s) starts", step, kind)

    def advance_step(self, step: str, done: int, total: int | None, unit: str) -> None:
        self.logger.debug("%s: %d of %s %s", step, done, total, unit)

    def finish_step(self, receipt: Receipt) -> None:
        self.logger.info(
            "%s: %d rows in, %d rejected, %d out, %.2f s%s",
            receipt.step,
            receipt.rows_in,
            receipt.rows_rejected,
            receipt.rows_out,
            receipt.seconds,
            ", from the cache" if receipt.resumed else "",
        )

    def say(self, message: str, level: int = logging.INFO) -> None:
        self.logger.log(level, hide_passwords(message))


_current: list[Reporter] = [LoggingReporter()]


def current_reporter() -> Reporter:
    """The reporter that listens now."""
    return _current[-1]


@contextmanager
def report_to(reporter: Reporter) -> Iterator[Reporter]:
    """Make `reporter` the current one inside the block.

    Example:
        >>> with report_to(LoggingReporter()):
        ...     current_reporter().say("hello")
    """
    _current.append(reporter)
    try:
        yield reporter
    finally:
        _current.remove(reporter)
