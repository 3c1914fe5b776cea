"""The commands that look at files, steps and this machine, and change nothing. Nothing heavy is
imported here."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dreambolt_steps.cli.failures import report_failures
from dreambolt_steps.cli.options import (
    Clean,
    Columns,
    Load,
    Rows,
    SaveContract,
    Settings,
    Source,
    Suggest,
    SuggestRows,
)

look_app = typer.Typer()


@look_app.command()
@report_failures
def preview(
    path: Annotated[
        str, typer.Argument(metavar="RECIPE|SOURCE", help="A recipe, or a file, glob or s3:// URI.")
    ],
    rows: Rows = 5,
    settings: Settings = None,
    columns: Columns = None,
    load: Load = None,
    clean: Clean = None,
) -> None:
    """Show the first rows after every pure stage; nothing is written."""
    from dreambolt_steps.cli.preview import show_preview

    show_preview(path, rows, settings or [], load or [], clean or [], columns or [])


@look_app.command()
@report_failures
def inspect(
    path: Source,
    columns: Columns = None,
    load: Load = None,
    clean: Clean = None,
    suggest: Suggest = None,
    suggest_rows: SuggestRows = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead.")] = False,
    save_contract: SaveContract = None,
) -> None:
    """Show what is in a file, why it is read as it is, and that by hand.

    Example: dreambolt inspect players.csv --load skip=2
    """
    from dreambolt_steps.cli.inspect import show_table

    show_table(
        path,
        load or [],
        clean or [],
        columns or [],
        as_json=as_json,
        model=suggest,
        model_rows=suggest_rows,
        save_to=save_contract,
    )


@look_app.command()
@report_failures
def status() -> None:
    """Show versions, credentials (by name only), reachable services and sessions."""
    from dreambolt_steps.cli.status import show_status

    show_status()


@look_app.command()
@report_failures
def doctor(
    online: Annotated[
        bool, typer.Option("--online", help="Ask the services that are set up, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead.")] = False,
) -> None:
    """Check that everything is here that a run needs: versions, disks, models, settings.

    Nothing is sent anywhere without --online. Ends with 1 when there is a problem.
    """
    from dreambolt_steps.cli.doctor import show_doctor

    if not show_doctor(online=online, as_json=as_json):
        sys.exit(1)


@look_app.command()
@report_failures
def steps(
    name: Annotated[
        str | None, typer.Argument(metavar="STEP", help="A step, such as LoadTable.")
    ] = None,
) -> None:
    """List the steps, or show one with its arguments and an example."""
    from dreambolt_steps.cli.steps import show_steps

    show_steps(name)
