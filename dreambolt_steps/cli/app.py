"""Every command's options. Nothing heavy is imported here, so that `--help` answers at once."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from dreambolt_steps.cli.database_commands import database_app
from dreambolt_steps.cli.failures import report_failures
from dreambolt_steps.cli.look_commands import look_app
from dreambolt_steps.cli.options import (
    Batch,
    Clean,
    Columns,
    Contract,
    Copy,
    Embed,
    EmbedderName,
    Llm,
    LlmArg,
    Load,
    Mode,
    Out,
    RecipeFile,
    Settings,
    Since,
    Source,
    Synth,
    SynthMethod,
    Table,
    To,
)
from dreambolt_steps.cli.result_commands import result_app
from dreambolt_steps.cli.run_options import (
    Address,
    DryRun,
    EngineName,
    Fresh,
    JsonLogs,
    MaxCost,
    MaxRejects,
    MinQuality,
    Quiet,
    Session,
    Wait,
)
from dreambolt_steps.cli.session_commands import session_app

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},  # of the commands below it, too
    pretty_exceptions_enable=False,
    help="Carry a table from messy files to a clean, embedded, queryable warehouse table.",
    epilog="--debug, anywhere, shows tracebacks and DataDreamer's own log.",
)
app.add_typer(session_app, name="session")
app.add_typer(look_app)
app.add_typer(result_app)
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
    wait: Wait = None,
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
    from dreambolt_steps.cli.run import RunOptions, prepare_recipe, run_watched

    options = RunOptions(
        session=session,
        dry_run=dry_run,
        fresh=fresh or [],
        wait=wait,
        max_rejects=max_rejects,
        max_cost=max_cost,
        min_quality=min_quality,
        engine=engine,
        address=address,
        json_logs=json_logs,
        quiet=quiet,
    )
    run_watched(partial(prepare_recipe, recipe, settings or [], options), options)


@app.command()
@report_failures
def ingest(
    path: Source,
    columns: Columns = None,
    load: Load = None,
    since: Since = None,
    clean: Clean = None,
    contract: Contract = None,
    embed: Embed = None,
    embedder: EmbedderName = "",
    synth: Synth = 0,
    synth_method: SynthMethod = "model",
    llm: Llm = "",
    llm_arg: LlmArg = None,
    batch: Batch = False,
    out: Out = "",
    to: To = "",
    table: Table = "",
    mode: Mode = "refresh",
    copy: Copy = None,
    session: Session = None,
    dry_run: DryRun = False,
    fresh: Fresh = None,
    wait: Wait = None,
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
    from dreambolt_steps.cli.run import RunOptions, prepare_ingest, run_watched

    wanted = {"mode": mode, "out": out, "database": to, "table": table, "model": llm}
    wanted |= {"method": synth_method, "embedder": embedder}
    wanted["model_mode"] = "batch" if batch else "live"
    options = RunOptions(
        session=session,
        dry_run=dry_run,
        fresh=fresh or [],
        wait=wait,
        max_rejects=max_rejects,
        max_cost=max_cost,
        min_quality=min_quality,
        engine=engine,
        address=address,
        json_logs=json_logs,
        quiet=quiet,
    )

    prepare = partial(
        prepare_ingest,
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
        model_args=llm_arg or [],
        options=options,
    )
    run_watched(prepare, options)
