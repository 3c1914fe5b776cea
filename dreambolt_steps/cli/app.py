"""Every command's options. Nothing heavy is imported here, so that `--help` answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dreambolt_steps.cli.failures import report_failures
from dreambolt_steps.cli.session_commands import session_app

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Carry a table from messy files to a clean, embedded, queryable warehouse table.",
    epilog="--debug, anywhere, shows tracebacks and DataDreamer's own log.",
)
app.add_typer(session_app, name="session")

Settings = Annotated[
    list[str] | None, typer.Option("--set", help="name=value of a recipe's parameter; repeatable.")
]
Session = Annotated[Path | None, typer.Option(help="The session's folder.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written and loaded.")]
Fresh = Annotated[
    list[str] | None, typer.Option(help="A step to run again, with those below it; repeatable.")
]
JsonLogs = Annotated[bool, typer.Option("--json-logs", help="JSON lines instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Only warnings and errors.")]
Rows = Annotated[int, typer.Option(min=1, help="Rows to show.")]
Load = Annotated[
    list[str] | None,
    typer.Option("--load", help="name=value, an arg of LoadTable (delimiter=';'); repeatable."),
]
Clean = Annotated[
    list[str] | None,
    typer.Option("--clean", help="name=value, an arg of CleanTable (trim=no); repeatable."),
]
Copy = Annotated[
    list[str] | None,
    typer.Option("--copy", help="name=value, an arg of the load (key=id); repeatable."),
]
MaxRejects = Annotated[
    str | None, typer.Option(help="Most rejected rows, or 1% of those read, before anything loads.")
]
Columns = Annotated[list[str] | None, typer.Option(help="name=type; repeatable.")]


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
    recipe: Annotated[Path, typer.Argument(help="A Python file with a function `recipe`.")],
    settings: Settings = None,
    session: Session = None,
    dry_run: DryRun = False,
    fresh: Fresh = None,
    max_rejects: MaxRejects = None,
    json_logs: JsonLogs = False,
    quiet: Quiet = False,
) -> None:
    """Run a recipe; again: resume it. Example: dreambolt run recipes/worldcup.py --set
    table=cups"""
    from dreambolt_steps.cli.run import RunOptions, run_recipe

    options = RunOptions(session, dry_run, fresh or [], max_rejects, json_logs, quiet)
    run_recipe(recipe, settings or [], options)


@app.command()
@report_failures
def ingest(
    path: Annotated[str, typer.Argument(help="A file, a glob or an s3:// URI.")],
    embed: Annotated[list[str] | None, typer.Option(help="A text column; repeatable.")] = None,
    synth: Annotated[int, typer.Option(min=0, help="Rows to synthesize; needs --llm.")] = 0,
    llm: Annotated[str, typer.Option(help="An OpenAI model, such as gpt-4o-mini.")] = "",
    out: Annotated[str, typer.Option(help="Folder of the files; default out/NAME.")] = "",
    to: Annotated[
        str, typer.Option(help="DuckDB file, or firebolt://DATABASE; default out/NAME.duckdb.")
    ] = "",
    table: Annotated[str, typer.Option(help="The table; default NAME.")] = "",
    columns: Columns = None,
    load: Load = None,
    clean: Clean = None,
    mode: Annotated[
        str, typer.Option(help="create, replace, append, merge or snapshot.")
    ] = "replace",
    copy: Copy = None,
    session: Session = None,
    dry_run: DryRun = False,
    fresh: Fresh = None,
    max_rejects: MaxRejects = None,
    json_logs: JsonLogs = False,
    quiet: Quiet = False,
) -> None:
    """Load, clean, export and copy any file. Example: dreambolt ingest players.csv --embed name"""
    from dreambolt_steps.cli.run import RunOptions, run_ingest

    wanted = {"mode": mode, "out": out, "database": to, "table": table, "model": llm}
    options = RunOptions(session, dry_run, fresh or [], max_rejects, json_logs, quiet)
    run_ingest(
        path,
        wanted,
        embed or [],
        synth,
        load=load or [],
        clean=clean or [],
        copy=copy or [],
        columns=columns or [],
        options=options,
    )


@app.command()
@report_failures
def preview(
    path: Annotated[str, typer.Argument(help="A recipe, or a file, glob or s3:// URI.")],
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
    path: Annotated[str, typer.Argument(help="A file, a glob or an s3:// URI.")],
    columns: Columns = None,
    load: Load = None,
    clean: Clean = None,
    suggest: Annotated[
        str | None,
        typer.Option(help="An OpenAI model that proposes names and descriptions."),
    ] = None,
    suggest_rows: Annotated[
        int | None, typer.Option(min=0, help="Rows whose values it may see; default 5.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead.")] = False,
) -> None:
    """Show what is in a file, why it is read as it is, and the arguments that would say so."""
    from dreambolt_steps.cli.inspect import show_table

    show_table(
        path,
        load or [],
        clean or [],
        columns or [],
        as_json=as_json,
        model=suggest,
        model_rows=suggest_rows,
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
    name: Annotated[str | None, typer.Argument(help="A step, such as LoadTable.")] = None,
) -> None:
    """List the steps, or show one with its arguments and an example."""
    from dreambolt_steps.cli.steps import show_steps

    show_steps(name)


@app.command()
@report_failures
def query(
    database: Annotated[str, typer.Argument(help="A DuckDB file, or firebolt://DATABASE.")],
    sql: Annotated[str, typer.Argument(help="A query that only reads.")],
    limit: Annotated[int, typer.Option(min=1, help="Rows to show.")] = 50,
) -> None:
    """Run a SQL query that can't write."""
    from dreambolt_steps.cli.query import show_query

    show_query(database, sql, limit)


@app.command()
@report_failures
def search(
    database: Annotated[str, typer.Argument(help="A DuckDB file, or firebolt://DATABASE.")],
    table: Annotated[str, typer.Argument(help="A table with an embedded column.")],
    text: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option(min=1, help="Rows to show.")] = 5,
    column: Annotated[str | None, typer.Option(help="The vectors, if there are several.")] = None,
) -> None:
    """Find the rows nearest to a text in meaning."""
    from dreambolt_steps.cli.query import show_search

    show_search(database, table, text, k, column)
