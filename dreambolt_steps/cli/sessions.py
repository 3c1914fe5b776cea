"""`session ls`, `show` and `gc`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table
from typer import Abort, confirm

from dreambolt_steps.cli.failures import tell_command
from dreambolt_steps.cli.tables import make_printable
from dreambolt_steps.errors import SessionLockedError, UsageError
from dreambolt_steps.findings.finding import count
from dreambolt_steps.session.garbage import find_unfinished
from dreambolt_steps.session.session_store import (
    StoredSession,
    describe_session,
    find_sessions,
    find_staged,
    find_superseded,
)


def show_sessions(root: Path) -> None:
    """Print one line a session below `root`."""
    console = Console()
    found = find_sessions(root)
    if not found:
        console.print(f"no sessions below {root}", highlight=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("session", overflow="fold")
    for name in ("steps", "size", "superseded"):
        table.add_column(name, justify="right")
    table.add_column("last run")
    for folder in found:
        session = describe_session(folder)
        last = max((step.finished for step in session.steps), default=None)
        table.add_row(
            str(folder),
            str(len(session.steps)),
            decimal(session.bytes),
            decimal(session.superseded_bytes),
            f"{last:%Y-%m-%d %H:%M}" if last else "",
        )
    console.print(table, highlight=False)


def show_session(folder: Path) -> None:
    """Print the finished steps of a session."""
    console = Console()
    session = describe_session(folder)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("step", "kind"):
        table.add_column(name, overflow="fold")
    for name in ("rows", "rejected", "size"):
        table.add_column(name, justify="right")
    table.add_column("finished")
    for step in session.steps:
        rejected = f"{step.receipt.rows_rejected:,}" if step.receipt else ""
        rows = "" if step.rows is None else f"{step.rows:,}"
        finished = f"{step.finished:%Y-%m-%d %H:%M:%S}"
        table.add_row(escape(step.name), step.kind, rows, rejected, decimal(step.bytes), finished)
    console.print(table, highlight=False)
    _show_details(console, session)
    told = count(session.superseded, "superseded result")
    if session.superseded:
        told += f", {decimal(session.superseded_bytes)}; to delete them: "
        told += f"{tell_command()} session gc {shlex.quote(str(folder))}"
    console.print(f"\n{told}", highlight=False, markup=False, soft_wrap=True)


def collect_session(
    folder: Path, *, dry_run: bool = False, yes: bool = False, unfinished: bool = False
) -> None:
    """Show what a session needs no more, ask, and delete it, unless a process works in it.

    Args:
        folder: the session's.
        dry_run: only show it.
        yes: do not ask.
        unfinished: delete what a step that is not finished may need, too.

    Raises:
        SessionLockedError: the session is in use.
        UsageError: there is nobody to ask, and `yes` was not said.
    """
    from filelock import FileLock, Timeout

    describe_session(folder)
    lock = FileLock(folder / ".session.lock")
    try:
        with lock.acquire(timeout=0):
            _collect(Console(), folder, dry_run=dry_run, yes=yes, unfinished=unfinished)
    except Timeout as error:
        raise SessionLockedError(f"session {folder} is in use; run gc when it is free") from error


def _collect(console: Console, folder: Path, *, dry_run: bool, yes: bool, unfinished: bool) -> None:
    from dreambolt_steps.warehouses.s3_staging.bucket import delete_staged

    found, staged = find_superseded(folder, unfinished=unfinished), find_staged(folder)
    for garbage in found:
        _say(console, f"  {decimal(garbage.bytes):>9}  {garbage.what}")
    for url in staged:
        _say(console, f"  staged files of loads that are made: {url}")
    waiting = [] if unfinished else find_unfinished(folder)
    if waiting:
        told = f"kept for {', '.join(waiting)}, not finished yet: vectors, answers, files read"
        _say(console, f"{told}; --unfinished gives up on them")
    total = decimal(sum(garbage.bytes for garbage in found))
    if not found and not staged:
        _say(console, f"nothing to delete in {folder}")
        return
    if dry_run:
        _say(console, f"{total} would be freed in {folder}")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(
                f"{total} would be freed in {folder}, and nobody is there to be asked; nothing was"
                " deleted; say --yes"
            )
        if not _ask(f"Delete this, {total}, in {folder}?"):
            _say(console, "nothing was deleted")
            return
    for url in staged:
        delete_staged(url)
    for garbage in found:
        garbage.delete()
    _say(console, f"{total} freed in {folder}")


def _ask(question: str) -> bool:
    try:
        return confirm(question)
    except Abort:  # Ctrl-C, or the end of the input
        print()
        return False


def _show_details(console: Console, session: StoredSession) -> None:
    for step in session.steps:
        if step.receipt is None:
            continue
        for name, told in step.receipt.report.get("columns", {}).items():
            _say(console, f"  {step.name}: {name}: {told['words']}")
        for note in step.receipt.notes:
            _say(console, f"  {step.name}: {note}")


def _say(console: Console, line: str) -> None:
    console.print(make_printable(line), highlight=False, markup=False, soft_wrap=True)
