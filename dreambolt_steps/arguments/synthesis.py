"""The arguments of steps about what a language model writes: `SuggestSchema`, `SynthesizeRows`,
`CompleteColumns`, `AssessSynthesis`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Annotated, Any, Literal, Required, TypedDict

from dreambolt_steps.arguments.argument import Argument
from dreambolt_steps.arguments.models import EmbeddingModel, LanguageModel, LlmArgument

Contract = str | PathLike[str] | Mapping[str, Any]
MAX_NEW_TOKENS = 2048  # of an answer about columns
_RELATIONS = "SQL conditions that hold in every row, a list."


class SuggestSchemaArgs(TypedDict, total=False):
    """Arguments of `SuggestSchema`."""

    llm: Required[
        Annotated[
            LanguageModel | str,
            Argument("ChatModel, LocalModel, any DataDreamer LLM, or a name as --llm takes it."),
        ]
    ]
    sample_rows: Annotated[
        int,
        Argument("Rows whose values the model may see at most; 0 for none.", default=5, least=0),
    ]
    apply: Annotated[bool, Argument("Rename and describe the columns.", default=False)]
    columns: Annotated[
        Sequence[str] | None,
        Argument("Names of the columns to ask about, a list.", default_help="all that can be"),
    ]
    instruction: Annotated[str | None, Argument("What the table is about, in words.")]
    columns_per_call: Annotated[int, Argument("Columns in one prompt.", default=20, least=1)]
    seed: Annotated[int, Argument("Draws the rows that are shown.", default=0, least=0)]
    temperature: Annotated[
        float, Argument("Sampling temperature of the model.", default=0.0, least=0)
    ]
    max_new_tokens: Annotated[
        int, Argument("Tokens an answer may have.", default=MAX_NEW_TOKENS, least=1)
    ]
    batch_size: Annotated[int, Argument("Prompts in flight at a time.", default=10, least=1)]


class WritingArgs(TypedDict, total=False):
    """What every step takes that has a model write values of a table."""

    llm: LlmArgument
    instruction: Annotated[str | None, Argument("What is wanted, in words.")]
    relations: Annotated[Sequence[str] | None, Argument(_RELATIONS)]
    keep_ranges: Annotated[
        bool,
        Argument("Keep to the ranges, categories and patterns of the table.", default=True),
    ]
    contract: Annotated[
        Contract | None, Argument("A contract file or mapping that values must keep.")
    ]
    template: Annotated[
        str | None,
        Argument(
            "Name of the prompt template.",
            default_help="rows for SynthesizeRows, completion for CompleteColumns",
        ),
    ]
    templates: Annotated[
        str | PathLike[str] | Mapping[str, str] | None,
        Argument("Folder of your templates, or name -> text."),
    ]
    rows_per_call: Annotated[int, Argument("Rows asked for in one prompt.", default=5, least=1)]
    examples: Annotated[int, Argument("Rows of the table shown in one prompt.", default=5, least=0)]
    seed: Annotated[int, Argument("Draws the example rows.", default=0, least=0)]
    temperature: Annotated[
        float, Argument("Sampling temperature of the model.", default=1.0, least=0)
    ]
    max_new_tokens: Annotated[
        int | None,
        Argument(
            "Tokens an answer may have.",
            default_help="three times what rows of the table take",
            least=1,
        ),
    ]
    batch_size: Annotated[
        int,
        Argument(
            "Prompts in flight at a time, for LLMs that do not say themselves.",
            default=10,
            least=1,
        ),
    ]


class SynthesizeRowsArgs(WritingArgs, total=False):
    """Arguments of `SynthesizeRows`."""

    rows: Annotated[int, Argument("New rows wanted.", default=0, least=0)]
    method: Annotated[
        Literal["model", "copula"], Argument("model, or copula: without one.", default="model")
    ]
    fixed: Annotated[
        Mapping[str, Any] | None, Argument("Column -> the value that every new row has.")
    ]
    where: Annotated[
        Mapping[str, Sequence[Any] | Mapping[Any, int]] | None,
        Argument("Column -> values to balance, a list, or value -> number of rows."),
    ]
    seed_rows: Annotated[
        Sequence[Mapping[str, Any]] | None, Argument("Rows to vary, a list of dictionaries.")
    ]
    find_relations: Annotated[
        bool, Argument("Keep the functional dependencies of the table.", default=True)
    ]
    near: Annotated[
        float | None,
        Argument(
            "Likeness of texts (0 to 1) of near duplicates; None for equal rows only.",
            default=0.9,
            least=0,
            most=1,
        ),
    ]
    embedder: Annotated[
        EmbeddingModel | str | None,
        Argument("Embedder, or its name, that finds rows of nearly the same meaning."),
    ]


class _FillingArgs(TypedDict, total=False):
    columns: Required[
        Annotated[
            Sequence[str] | Mapping[str, str | None],
            Argument("Columns to fill, a list, or name -> type where they are new."),
        ]
    ]
    using: Annotated[
        Sequence[str] | None,
        Argument("Columns that the model sees, a list.", default_help="all others"),
    ]
    limit: Annotated[int | None, Argument("Rows to fill at most.", least=0)]


class CompleteColumnsArgs(_FillingArgs, WritingArgs, total=False):
    """Arguments of `CompleteColumns`."""


class AssessSynthesisArgs(TypedDict, total=False):
    """Arguments of `AssessSynthesis`."""

    min_quality: Annotated[
        float | None,
        Argument("Stop the run below this quality, 0 to 100.", least=0, most=100),
    ]
    relations: Annotated[Sequence[str] | None, Argument(_RELATIONS)]
    contract: Annotated[
        Contract | None, Argument("A contract file or mapping that rows must keep.")
    ]
    flag: Annotated[
        str,
        Argument("The boolean column that says which rows are synthetic.", default="_synthetic"),
    ]
    sample_rows: Annotated[
        int,
        Argument("Rows of each kind that are compared; more are sampled.", default=20_000, least=1),
    ]
    seed: Annotated[int, Argument("Draws the samples and the holdout.", default=0, least=0)]
