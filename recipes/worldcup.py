"""World Cup tournaments, from an untidy CSV file to a table that can be searched by meaning.

    python -m dreambolt_steps run recipes/worldcup.py
    python -m dreambolt_steps run recipes/worldcup.py --set source=WorldCupPlayers.csv
    python -m dreambolt_steps run recipes/worldcup.py --set source=s3://bucket/players/*.csv

The signature of `recipe` is its command line: every parameter can be given with `--set
name=value`. Running it again resumes; a changed source, or a changed argument, runs the steps
below it again and no others.
"""

from __future__ import annotations

from pathlib import Path

from dreambolt_steps import (
    CleanTable,
    CopyIntoDuckDB,
    EmbedColumns,
    ExportParquet,
    LoadTable,
    check_target,
    columns,
)

TOURNAMENTS = Path(__file__).parent / "data" / "worldcup_tournaments.csv"


def recipe(
    source: str = str(TOURNAMENTS),
    embed: str = "",
    out: str = "out/worldcup",
    database: str = "out/worldcup.duckdb",
    table: str = "worldcup",
    mode: str = "refresh",
) -> None:
    """Load, clean, embed, export, and load into DuckDB.

    Args:
        source: a CSV, TSV or Parquet file, a glob, or an s3:// URI.
        embed: the text column to search by meaning; by default `story` or `player_name`.
        out: folder of the exported Parquet files.
        database: the DuckDB file.
        table: the table in it.
        mode: how it is loaded; `refresh` replaces only what this session has loaded before.
    """
    # Nothing is begun for a table that could not be loaded in the end.
    check_target(database, table, mode=mode)

    # Text as it stands in the file: nothing is guessed yet, rows that do not fit are kept aside.
    raw = LoadTable("load", args={"source": source})

    # Names such as `runners_up`, types found over all rows ("590.549" is 590549), blanks trimmed.
    clean = CleanTable("clean", inputs=columns(raw))

    # One vector a text; identical texts are encoded once.
    text = embed or next(
        name for name in ("story", "player_name") if name in clean.output.column_names
    )
    vectors = EmbedColumns("embed", inputs=columns(clean), args={"columns": [text]})

    # Parquet files that never stand half written, then one transaction into the warehouse.
    files = ExportParquet("export", inputs=columns(vectors), args={"path": out})
    args = {"database": database, "table": table, "mode": mode}
    CopyIntoDuckDB("copy into", inputs=columns(files), args=args)
