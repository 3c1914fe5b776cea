"""The commands on a table that is loaded. Nothing heavy is imported here."""

from __future__ import annotations

from typing import Annotated

import typer

from dreambolt_steps.cli.failures import report_failures
from dreambolt_steps.cli.options import Database, EmbedderName, Format, OutputFile
from dreambolt_steps.errors import UsageError

database_app = typer.Typer()


@database_app.command()
@report_failures
def query(
    database: Database,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="A query that only reads.")],
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="The most rows; default 50 on a terminal, else all."),
    ] = None,
    output_format: Format = None,
    output: OutputFile = None,
) -> None:
    """Run a SQL query that can't write.

    Example: dreambolt query out/cup.duckdb "FROM players" -o players.csv
    """
    from dreambolt_steps.cli.query import show_query

    show_query(database, sql, limit, name=output_format, file=output)


@database_app.command("create-location")
@report_failures
def create_location(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="firebolt://DATABASE, or with its /ENGINE.")
    ] = "firebolt://",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be sent.")
    ] = False,
) -> None:
    """Keep the credentials of the staging in Firebolt, as a LOCATION.

    FIREBOLT_LOCATION names it; statements of loads hold no key then.
    """
    from dreambolt_steps.warehouses.firebolt.location import create_location

    for line in create_location(target, dry_run=dry_run):
        typer.echo(line)


@database_app.command()
@report_failures
def search(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[DATABASE|FILES] TEXT",
            help="A DuckDB file, firebolt://DATABASE, a Parquet file or a folder of them (default: "
            "Firebolt if it is set up, else the only DuckDB file here or in out/); and what to "
            "look for.",
        ),
    ],
    table: Annotated[
        str | None,
        typer.Option("--table", metavar="TABLE", help="The table, if several have vectors."),
    ] = None,
    k: Annotated[int, typer.Option(min=1, metavar="N", help="Rows to show.")] = 5,
    column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The vectors, if there are several.")
    ] = None,
    embedder: EmbedderName = "",
    output_format: Format = None,
    output: OutputFile = None,
) -> None:
    """Find the rows nearest to a text in meaning.

    Example: dreambolt search out/cup.duckdb "a red card in the final"
    """
    from dreambolt_steps.cli.query import show_search
    from dreambolt_steps.cli.result_output import choose_output

    if len(words) > 2:
        raise UsageError(
            "search takes where to look and one text; name a table with --table, and put the text "
            "in quotes"
        )
    from dreambolt_steps.cli.find_vectors import find_target

    database = words[0] if len(words) > 1 else find_target()
    target = choose_output(output_format, output, database)
    show_search(database, words[-1], table, k, column, embedder, target)
