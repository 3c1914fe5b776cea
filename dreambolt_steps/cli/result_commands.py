"""The commands on what runs have left. Nothing heavy is imported here."""

from __future__ import annotations

import sys
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


@result_app.command()
@report_failures
def diff(
    before: Annotated[
        str | None,
        typer.Argument(
            metavar="[BEFORE]",
            help="A session, files, or FILE.duckdb:TABLE. A session alone: its last two results; "
            "default the session that ran last.",
        ),
    ] = None,
    after: Annotated[
        str | None, typer.Argument(metavar="[AFTER]", help="What it is compared with.")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="A column that names a row, so that changed rows are told from new ones; "
            "repeatable. Default: whole rows are compared.",
        ),
    ] = None,
    step: Annotated[
        str | None,
        typer.Option(metavar="STEP", help="Of sessions; default the last that hands on rows."),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 1 when something differs.")
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="The most rows; default 20 on a terminal, else all."),
    ] = None,
    output_format: Format = None,
    output: OutputFile = None,
) -> None:
    """Compare two runs, exports or tables: columns, and rows that came, went or changed.

    Example: dreambolt diff out/old.duckdb:players out/new.duckdb:players --key player_id
    """
    from dreambolt_steps.cli.diff import show_diff

    is_same = show_diff(
        before,
        after,
        key=key or (),
        step=step,
        limit=limit,
        output_format=output_format,
        file=output,
    )
    if exit_code and not is_same:
        sys.exit(1)
