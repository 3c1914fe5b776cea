"""The commands on what runs have left. Nothing heavy is imported here."""

from __future__ import annotations

from typing import Annotated

import typer

from dreambolt_steps.cli.failures import report_failures

result_app = typer.Typer()
SessionName = Annotated[
    str | None,
    typer.Argument(
        metavar="SESSION",
        help="A session's folder, or its name below sessions/; default the one that ran last.",
    ),
]


@result_app.command()
@report_failures
def report(
    session: SessionName = None,
    in_browser: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Print where the report of a session's last run is.

    Example: dreambolt report worldcup --open
    """
    from dreambolt_steps.cli.report import show_report

    show_report(session, in_browser=in_browser)
