"""Options on what is read, what models write and where it goes. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

# The groups that `--help` shows options in.
READING = "What is read, and how"
MODELS = "Models: vectors and synthetic rows"
TARGET = "Where it goes"

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="A file, a glob or an s3:// URI.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A parameter of the recipe; repeatable.",
        rich_help_panel=READING,
    ),
]
Rows = Annotated[
    int, typer.Option(min=1, metavar="N", help="Rows to show.", rich_help_panel=READING)
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=TYPE",
        help="The type of a column, such as zip=text; repeatable.",
        rich_help_panel=READING,
    ),
]
Load = Annotated[
    list[str] | None,
    typer.Option(
        "--load",
        metavar="NAME=VALUE",
        help="How files are read, such as delimiter=';'; repeatable. "
        "All of them: dreambolt steps LoadTable",
        rich_help_panel=READING,
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN=VALUE",
        help="Only rows of Parquet and Arrow files from a value on; COLUMN=last: later than any "
        "that was taken before.",
        rich_help_panel=READING,
    ),
]
Clean = Annotated[
    list[str] | None,
    typer.Option(
        "--clean",
        metavar="NAME=VALUE",
        help="How the table is cleaned, such as trim=no; repeatable. "
        "All of them: dreambolt steps CleanTable",
        rich_help_panel=READING,
    ),
]
Copy = Annotated[
    list[str] | None,
    typer.Option(
        "--copy",
        metavar="NAME=VALUE",
        help="How the table is loaded, such as key=id for --mode merge; repeatable.",
        rich_help_panel=TARGET,
    ),
]
Embed = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="A text column to embed, or NAME='{COLUMN}, {COLUMN}'; repeatable.",
        rich_help_panel=MODELS,
    ),
]
EmbedderName = Annotated[
    str,
    typer.Option(
        "--embedder",
        metavar="MODEL",
        help="The model: bfloat16, onnx, onnx-int8 or static for faster forms of the packaged one, "
        "a folder, or server:MODEL (OPENAI_BASE_URL).",
        rich_help_panel=MODELS,
    ),
]
Synth = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="N",
        help="Rows to synthesize; needs --llm or --synth-method copula.",
        rich_help_panel=MODELS,
    ),
]
SynthMethod = Annotated[
    str,
    typer.Option(
        metavar="METHOD",
        help="model (of --llm), or copula: drawn as the table's rows are spread.",
        rich_help_panel=MODELS,
    ),
]
Llm = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        help="The model that writes them: gpt-4.1-mini, local, or litellm:PROVIDER/NAME.",
        rich_help_panel=MODELS,
    ),
]
LlmArg = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="A field of its requests, such as reasoning_effort=low; repeatable.",
        rich_help_panel=MODELS,
    ),
]
Batch = Annotated[
    bool,
    typer.Option(
        "--batch",
        help="Ask through the batch API: half the price, within a day.",
        rich_help_panel=MODELS,
    ),
]
Out = Annotated[
    str,
    typer.Option(
        metavar="FOLDER", help="For the Parquet files; default out/NAME.", rich_help_panel=TARGET
    ),
]
To = Annotated[
    str,
    typer.Option(
        metavar="DATABASE",
        help="DuckDB file, or firebolt://DATABASE; default out/NAME.duckdb.",
        rich_help_panel=TARGET,
    ),
]
Table = Annotated[
    str, typer.Option(metavar="TABLE", help="The table; default NAME.", rich_help_panel=TARGET)
]
Mode = Annotated[
    str,
    typer.Option(
        metavar="MODE",
        help="refresh replaces a table only if this session loaded all of it; or create, replace, "
        "append, merge, snapshot.",
        rich_help_panel=TARGET,
    ),
]
Suggest = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="A model that proposes names and descriptions.",
        rich_help_panel=MODELS,
    ),
]
SuggestRows = Annotated[
    int | None,
    typer.Option(
        min=0, metavar="N", help="Rows whose values it may see; default 5.", rich_help_panel=MODELS
    ),
]
Contract = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="What the table promises (YAML).", rich_help_panel=READING),
]
SaveContract = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write what was found as a contract (YAML) to edit.",
        rich_help_panel=READING,
    ),
]
RecipeFile = Annotated[
    Path, typer.Argument(metavar="RECIPE", help="A Python file with a function `recipe`.")
]
Database = Annotated[
    str, typer.Argument(metavar="DATABASE", help="A DuckDB file, or firebolt://DATABASE.")
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table, csv, json, jsonl or parquet; default table, or what the suffix of -o says.",
    ),
]
OutputFile = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write all rows to a file instead."),
]
