"""Every command's options. Nothing heavy is imported here, so that `--help` answers at once."""

from __future__ import annotations

from typing import Annotated

import typer

from dreambolt_steps.cli.database_commands import database_app
from dreambolt_steps.cli.failures import report_failures
from dreambolt_steps.cli.options import (
    Address,
    Batch,
    Clean,
    Columns,
    Contract,
    Copy,
    DryRun,
    Embed,
    EmbedderName,
    EngineName,
    Fresh,
    JsonLogs,
    Llm,
    Load,
    MaxCost,
    MaxRejects,
    MinQuality,
    Mode,
    Out,
    Quiet,
    RecipeFile,
    Rows,
    SaveContract,
    Session,
    Settings,
    Since,
    Source,
    Suggest,
    SuggestRows,
    Synth,
    SynthMethod,
    Table,
    To,
)
from dreambolt_steps.cli.session_commands import session_app

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Carry a table from messy files to a clean, embedded, queryable warehouse table.",
    epilog="--debug, anywhere, shows tracebacks and DataDreamer's own log.",
)
app.add_typer(session_app, name="session")
app.add_typer(database_app)  # its commands stand beside the others


def _show_version(wanted: bool) -> None:
    if wanted:
        from dreambolt_steps import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def accept_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="The version.")
    ] = False,
) -> None:
    """Carry a table from messy files to a clean, embedded, queryable warehouse table."""


@app.command()
@report_failures
def run(
    recipe: RecipeFile,
    settings: Settings = None,
    session: Session = None,
    dry_run: DryRun = False,
    fresh: Fresh = None,
    max_rejects: MaxRejects = None,
    max_cost: MaxCost = None,
    min_quality: MinQuality = None,
    engine: EngineName = "local",
    address: Address = None,
    json_logs: JsonLogs = False,
    quiet: Quiet = False,
) -> None:
    """Run a recipe; again: resume it.

    Example: dreambolt run recipes/worldcup.py --set table=cups
    """
    from dreambolt_steps.cli.run import RunOptions, run_recipe

    limits, place = (max_rejects, max_cost, min_quality), (engine, address)
    options = RunOptions(session, dry_run, fresh or [], *limits, *place, json_logs, quiet)
    run_recipe(recipe, settings or [], options)


@app.command()
@report_failures
def ingest(
    path: Source,
    embed: Embed = None,
    embedder: EmbedderName = "",
    synth: Synth = 0,
    synth_method: SynthMethod = "model",
    llm: Llm = "",
    batch: Batch = False,
    out: Out = "",
    to: To = "",
    table: Table = "",
    columns: Columns = None,
    load: Load = None,
    since: Since = None,
    clean: Clean = None,
    contract: Contract = None,
    mode: Mode = "replace",
    copy: Copy = None,
    session: Session = None,
    dry_run: DryRun = False,
    fresh: Fresh = None,
    max_rejects: MaxRejects = None,
    max_cost: MaxCost = None,
    min_quality: MinQuality = None,
    engine: EngineName = "local",
    address: Address = None,
    json_logs: JsonLogs = False,
    quiet: Quiet = False,
) -> None:
    """Load, clean, export and copy any file.

    Example: dreambolt ingest players.csv --embed name --columns shirt=int16
    """
    from dreambolt_steps.cli.run import RunOptions, run_ingest

    wanted = {"mode": mode, "out": out, "database": to, "table": table, "model": llm}
    wanted |= {"method": synth_method, "embedder": embedder}
    wanted["model_mode"] = "batch" if batch else "live"
    limits, place = (max_rejects, max_cost, min_quality), (engine, address)
    options = RunOptions(session, dry_run, fresh or [], *limits, *place, json_logs, quiet)
    run_ingest(
        path,
        wanted,
        embed or [],
        synth,
        load=load or [],
        since=since,
        clean=clean or [],
        contract=contract,
        copy=copy or [],
        columns=columns or [],
        options=options,
    )


@app.command()
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


@app.command()
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


@app.command()
@report_failures
def status() -> None:
    """Show versions, credentials (by name only), reachable services and sessions."""
    from dreambolt_steps.cli.status import show_status

    show_status()


@app.command()
@report_failures
def steps(
    name: Annotated[
        str | None, typer.Argument(metavar="STEP", help="A step, such as LoadTable.")
    ] = None,
) -> None:
    """List the steps, or show one with its arguments and an example."""
    from dreambolt_steps.cli.steps import show_steps

    show_steps(name)
