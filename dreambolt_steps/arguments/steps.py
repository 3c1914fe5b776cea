"""The steps by their names, with what each declares."""

from __future__ import annotations

from typing import Any

from dreambolt_steps.arguments.clean_table import CleanTableArgs
from dreambolt_steps.arguments.embedding import (
    DropNearDuplicatesArgs,
    EmbedColumnsArgs,
    MatchSimilarArgs,
)
from dreambolt_steps.arguments.load_table import FindParquetArgs, LoadTableArgs
from dreambolt_steps.arguments.synthesis import (
    AssessSynthesisArgs,
    CompleteColumnsArgs,
    SuggestSchemaArgs,
    SynthesizeRowsArgs,
)
from dreambolt_steps.arguments.warehouse import (
    CopyIntoDuckDBArgs,
    CopyIntoFireboltArgs,
    ExportParquetArgs,
)

DECLARATIONS: dict[str, Any] = {
    "LoadTable": LoadTableArgs,
    "CleanTable": CleanTableArgs,
    "SuggestSchema": SuggestSchemaArgs,
    "SynthesizeRows": SynthesizeRowsArgs,
    "CompleteColumns": CompleteColumnsArgs,
    "AssessSynthesis": AssessSynthesisArgs,
    "EmbedColumns": EmbedColumnsArgs,
    "MatchSimilar": MatchSimilarArgs,
    "DropNearDuplicates": DropNearDuplicatesArgs,
    "ExportParquet": ExportParquetArgs,
    "FindParquet": FindParquetArgs,
    "CopyIntoDuckDB": CopyIntoDuckDBArgs,
    "CopyIntoFirebolt": CopyIntoFireboltArgs,
}
