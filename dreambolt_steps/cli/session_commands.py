"""The options of `dreambolt session ...`. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dreambolt_steps.cli.failures import report_failures

session_app = typer.Typer(
    no_args_is_help=True, help="Look at sessions, and free what is superseded."
)


@session_app.command("ls")
@report_failures
def list_sessions(
    root: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where sessions are.")] = Path(
        "sessions"
    ),
) -> None:
    """List sessions with their steps and sizes."""
    from dreambolt_steps.cli.sessions import show_sessions

    show_sessions(root)


@session_app.command("show")
@report_failures
def show_session(
    session: Annotated[Path, typer.Argument(metavar="FOLDER", help="A session's folder.")],
) -> None:
    """Show the finished steps of a session."""
    from dreambolt_steps.cli.sessions import show_session

    show_session(session)


@session_app.command("gc")
@report_failures
def collect_session(
    session: Annotated[Path, typer.Argument(metavar="FOLDER", help="A session's folder.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be deleted.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    unfinished: Annotated[
        bool,
        typer.Option("--unfinished", help="Also what a step that is not finished may still need."),
    ] = False,
) -> None:
    """Show what a session needs no more, ask, and delete it.

    Where nobody can be asked, as in a script, nothing is deleted without --yes (exit code 2).
    """
    from dreambolt_steps.cli.sessions import collect_session

    collect_session(session, dry_run=dry_run, yes=yes, unfinished=unfinished)
