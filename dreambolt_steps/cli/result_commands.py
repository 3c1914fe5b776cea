"""The commands on what runs have left. Nothing heavy is imported here."""

from __future__ import annotations

from typing import Annotated

import typer

from dreambolt_steps.cli.failures import report_failures
from dreambolt_steps.cli.options import Format, OutputFile

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


@result_app.command()
@report_failures
def rejects(
    session: SessionName = None,
    reason: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Only those whose column or reason holds the text."),
    ] = None,
    step: Annotated[
        str | None, typer.Option(metavar="STEP", help="Only those of one step.")
    ] = None,
    by_reason: Annotated[
        bool, typer.Option("--by-reason", help="Only how many there are of each reason.")
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="The most rows; default 20 on a terminal, else all."),
    ] = None,
    output_format: Format = None,
    output: OutputFile = None,
) -> None:
    """Show what the steps of a session rejected, and why.

    Example: dreambolt rejects worldcup --reason "not a date" -o rejects.csv
    """
    from dreambolt_steps.cli.rejects import RejectFilter, show_rejects

    wanted = RejectFilter(step, reason)
    show_rejects(
        session,
        wanted,
        by_reason=by_reason,
        limit=limit,
        output_format=output_format,
        file=output,
    )
