"""Options that several commands share. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="A file, a glob or an s3:// URI.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the recipe; repeatable."),
]
Session = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="The session's folder; default sessions/NAME."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written and loaded.")]
Fresh = Annotated[
    list[str] | None,
    typer.Option(metavar="STEP", help="Run a step again, with those below it; repeatable."),
]
EngineName = Annotated[
    str,
    typer.Option(
        "--engine", metavar="ENGINE", help="Where the work is done: local, or ray (docs/scale.md)."
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT", help="A running Ray cluster, or auto; default this machine's cores."
    ),
]
JsonLogs = Annotated[bool, typer.Option("--json-logs", help="JSON lines instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Only warnings and errors.")]
MaxCost = Annotated[
    float | None,
    typer.Option(
        min=0, metavar="USD", help="What a step may spend on language models, over all runs."
    ),
]
MinQuality = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=100,
        metavar="X",
        help="Stop before anything is loaded when synthetic rows are worse, 0 to 100.",
    ),
]
MaxRejects = Annotated[
    str | None,
    typer.Option(
        metavar="N|P%", help="Stop before anything is loaded when more rows are rejected."
    ),
]
Rows = Annotated[int, typer.Option(min=1, metavar="N", help="Rows to show.")]
Columns = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=TYPE", help="The type of a column, such as zip=text; repeatable."),
]
Load = Annotated[
    list[str] | None,
    typer.Option(
        "--load",
        metavar="NAME=VALUE",
        help="How files are read, such as delimiter=';'; repeatable. "
        "All of them: dreambolt steps LoadTable",
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN=VALUE",
        help="Only rows of Parquet and Arrow files from a value on; COLUMN=last: later than any "
        "that was taken before.",
    ),
]
Clean = Annotated[
    list[str] | None,
    typer.Option(
        "--clean",
        metavar="NAME=VALUE",
        help="How the table is cleaned, such as trim=no; repeatable. "
        "All of them: dreambolt steps CleanTable",
    ),
]
Copy = Annotated[
    list[str] | None,
    typer.Option(
        "--copy",
        metavar="NAME=VALUE",
        help="How the table is loaded, such as key=id for --mode merge; repeatable.",
    ),
]
Embed = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN", help="A text column to embed, or NAME='{COLUMN}, {COLUMN}'; repeatable."
    ),
]
EmbedderName = Annotated[
    str,
    typer.Option(
        "--embedder",
        metavar="MODEL",
        help="The model: bfloat16, onnx, onnx-int8 or static for faster forms of the packaged one, "
        "a folder, or server:MODEL (OPENAI_BASE_URL).",
    ),
]
Synth = Annotated[
    int,
    typer.Option(
        min=0, metavar="N", help="Rows to synthesize; needs --llm or --synth-method copula."
    ),
]
SynthMethod = Annotated[
    str,
    typer.Option(
        metavar="METHOD", help="model (of --llm), or copula: drawn as the table's rows are spread."
    ),
]
Llm = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        help="The model that writes them: gpt-4.1-mini, local, or litellm:PROVIDER/NAME.",
    ),
]
Batch = Annotated[
    bool, typer.Option("--batch", help="Ask through the batch API: half the price, within a day.")
]
Out = Annotated[
    str, typer.Option(metavar="FOLDER", help="For the Parquet files; default out/NAME.")
]
To = Annotated[
    str,
    typer.Option(
        metavar="DATABASE", help="DuckDB file, or firebolt://DATABASE; default out/NAME.duckdb."
    ),
]
Table = Annotated[str, typer.Option(metavar="TABLE", help="The table; default NAME.")]
Mode = Annotated[
    str, typer.Option(metavar="MODE", help="create, replace, append, merge or snapshot.")
]
Suggest = Annotated[
    str | None,
    typer.Option(metavar="MODEL", help="A model that proposes names and descriptions."),
]
SuggestRows = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="Rows whose values it may see; default 5."),
]
Contract = Annotated[
    Path | None, typer.Option(metavar="FILE", help="What the table promises (YAML).")
]
SaveContract = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write what was found as a contract (YAML) to edit."),
]
RecipeFile = Annotated[
    Path, typer.Argument(metavar="RECIPE", help="A Python file with a function `recipe`.")
]
Database = Annotated[
    str, typer.Argument(metavar="DATABASE", help="A DuckDB file, or firebolt://DATABASE.")
]
