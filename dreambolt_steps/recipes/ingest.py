"""The recipe behind `dreambolt ingest`: any file, cleaned, embedded if wanted, exported and
loaded."""

from __future__ import annotations

from typing import Any

import dreambolt_steps as steps  # a step is imported where it is used
from dreambolt_steps import CleanTable, ExportParquet, LoadTable, columns
from dreambolt_steps.contracts.contract_file import read_contract
from dreambolt_steps.embedding.embed_options import read_embed_options
from dreambolt_steps.embedding.open_embedder import open_embedder
from dreambolt_steps.llms.open_model import is_local, open_language_model
from dreambolt_steps.steps.base.quality_limit import is_quality_required
from dreambolt_steps.warehouses.firebolt.settings import is_firebolt


def recipe(
    source: str,
    out: str,
    database: str,
    table: str,
    mode: str = "refresh",
    copy: dict[str, Any] | None = None,
    embed: list[str] | None = None,
    load: dict[str, Any] | None = None,
    clean: dict[str, Any] | None = None,
    rows: int = 0,
    model: str = "",
    method: str = "model",
    embedder: str = "",
    model_mode: str = "live",
    model_args: dict[str, Any] | None = None,
) -> None:
    """Load, clean, synthesize and assess, embed, export, and load into DuckDB or Firebolt.

    Args:
        source: a CSV, TSV or Parquet file, a glob, or an s3:// URI.
        out: folder of the exported Parquet files.
        database: the DuckDB file, or firebolt://DATABASE.
        table: the table in it.
        mode: refresh, create, replace, append, merge or snapshot, as `CopyIntoDuckDB` takes it.
        copy: more args of the step that loads, such as `{"key": ["id"]}` for mode merge.
        embed: text columns to embed, by their names in the file or after cleaning; or templates,
            NAME={COLUMN}, {COLUMN}, by the names after cleaning.
        load: further args of `LoadTable`, where what is found is not right.
        clean: args of `CleanTable`, such as `{"types": {"zip": "text"}}`.
        rows: synthetic rows to add.
        model: the model that writes them, as `open_language_model` takes it.
        method: model, or copula for rows drawn without one.
        embedder: the model that embeds, as `open_embedder` takes it.
        model_mode: live, or batch for the provider's batch API.
        model_args: more fields of its requests, such as `{"reasoning_effort": "low"}`.
    """
    # What a table holds already must not come again; replace and snapshot take everything there is.
    only = {"only": "new"} if mode in ("append", "merge") else {}
    step: Any = LoadTable("load", args={"source": source, **only, **(load or {})})
    step = CleanTable("clean", inputs=columns(step), args=clean or None)
    if embed:  # before a model is paid for rows
        read_embed_options(embed, step.output.column_names)
    if rows:
        args: dict[str, Any] = {"rows": rows}
        if method == "model":
            args["llm"] = open_language_model(model, model_mode, model_args)
        else:
            args["method"] = method
        if is_local(model):  # a small model writes one row better than five
            args |= {"rows_per_call": 1, "template": "short"}
        step = steps.SynthesizeRows("synthesize", inputs=columns(step), args=args)
        if step.receipt.rows_in > 1 or is_quality_required():  # else there is nothing like them
            contract = (clean or {}).get("contract")
            args = {"contract": contract} if contract else {}
            steps.AssessSynthesis("assess", inputs=columns(step), args=args)
    if embed:
        texts, templates = read_embed_options(embed, step.output.column_names)
        args = {"columns": texts, "templates": templates}
        if embedder:
            args["embedder"] = open_embedder(embedder)
        step = steps.EmbedColumns("embed", inputs=columns(step), args=args)
    step = ExportParquet("export", inputs=columns(step), args={"path": out})
    target: dict[str, Any] = {"database": database, "table": table, "mode": mode}
    if (clean or {}).get("contract"):  # the table may change as the contract lets it
        target["evolve"] = read_contract((clean or {})["contract"]).may_evolve()
    target |= copy or {}
    copy_into = steps.CopyIntoFirebolt if is_firebolt(database) else steps.CopyIntoDuckDB
    copy_into("copy into", inputs=columns(step), args=target)
