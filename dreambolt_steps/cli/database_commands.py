"""The commands on a table that is loaded. Nothing heavy is imported here."""

from __future__ import annotations

from typing import Annotated

import typer

from dreambolt_steps.cli.failures import report_failures
from dreambolt_steps.cli.options import Database, EmbedderName

database_app = typer.Typer()


@database_app.command()
@report_failures
def query(
    database: Database,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="A query that only reads.")],
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Rows to show.")] = 50,
) -> None:
    """Run a SQL query that can't write."""
    from dreambolt_steps.cli.query import show_query

    show_query(database, sql, limit)


@database_app.command()
@report_failures
def search(
    database: Annotated[
        str,
        typer.Argument(
            metavar="DATABASE|FILES",
            help="A DuckDB file, firebolt://DATABASE, a Parquet file or a folder of them.",
        ),
    ],
    words: Annotated[
        list[str],
        typer.Argument(metavar="[TABLE] TEXT", help="A table, unless in files; what to look for."),
    ],
    k: Annotated[int, typer.Option(min=1, metavar="N", help="Rows to show.")] = 5,
    column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The vectors, if there are several.")
    ] = None,
    embedder: EmbedderName = "",
) -> None:
    """Find the rows nearest to a text in meaning.

    Example: dreambolt search out/players "a red card in the final"
    """
    from dreambolt_steps.cli.query import show_search

    show_search(database, words, k, column, embedder)
