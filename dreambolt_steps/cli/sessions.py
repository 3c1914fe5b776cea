"""`session ls`, `show` and `gc`."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from dreambolt_steps.cli.failures import tell_command
from dreambolt_steps.cli.tables import count, make_printable
from dreambolt_steps.errors import SessionLockedError
from dreambolt_steps.session.session_store import (
    StoredSession,
    collect_superseded,
    describe_session,
    find_sessions,
    find_staged,
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


def collect_session(folder: Path, dry_run: bool) -> None:
    """Delete superseded results, unless a process works in the session.

    Raises:
        SessionLockedError: the session is in use.
    """
    from filelock import FileLock, Timeout

    from dreambolt_steps.warehouses.s3_staging.bucket import delete_staged

    describe_session(folder)
    lock = FileLock(folder / ".session.lock")
    try:
        with lock.acquire(timeout=0):
            staged = find_staged(folder)
            for url in staged if not dry_run else []:
                delete_staged(url)
            freed = collect_superseded(folder, dry_run=dry_run)
    except Timeout as error:
        raise SessionLockedError(f"session {folder} is in use; run gc when it is free") from error
    told = "would be freed" if dry_run else "freed"
    Console().print(f"{decimal(freed)} {told} in {folder}", highlight=False)
    for url in staged:
        told = "would be deleted" if dry_run else "deleted"
        Console().print(f"staged files {told}: {url}", highlight=False, soft_wrap=True)


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
