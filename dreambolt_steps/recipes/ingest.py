"""The recipe behind `dreambolt ingest`: any file, cleaned, embedded if wanted, exported and
loaded."""

from __future__ import annotations

from typing import Any

from dreambolt_steps import (
    CleanTable,
    CopyIntoDuckDB,
    EmbedColumns,
    ExportParquet,
    LoadTable,
    SynthesizeRows,
    columns,
)


def recipe(
    source: str,
    out: str,
    database: str,
    table: str,
    mode: str = "replace",
    embed: list[str] | None = None,
    types: dict[str, str] | None = None,
    rows: int = 0,
    model: str = "",
) -> None:
    """Load, clean, synthesize, embed, export, and load into DuckDB.

    Args:
        source: a CSV, TSV or Parquet file, a glob, or an s3:// URI.
        out: folder of the exported Parquet files.
        database: the DuckDB file.
        table: the table in it.
        mode: create, replace or append.
        embed: text columns to embed.
        types: column -> type, where the found one is not wanted.
        rows: synthetic rows to add.
        model: the OpenAI model that writes them.
    """
    step: Any = LoadTable("load", args={"source": source})
    step = CleanTable("clean", inputs=columns(step), args={"types": types} if types else None)
    if rows:
        from datadreamer.llms import OpenAI

        args = {"llm": OpenAI(model_name=model), "rows": rows}
        step = SynthesizeRows("synthesize", inputs=columns(step), args=args)
    if embed:
        step = EmbedColumns("embed", inputs=columns(step), args={"columns": embed})
    step = ExportParquet("export", inputs=columns(step), args={"path": out})
    target = {"database": database, "table": table, "mode": mode}
    CopyIntoDuckDB("copy into", inputs=columns(step), args=target)
