"""The arguments of steps that work with vectors: `EmbedColumns`, `MatchSimilar`,
`DropNearDuplicates`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Required, TypedDict

from dreambolt_steps.arguments.argument import Argument
from dreambolt_steps.arguments.models import EmbedderArgument

EXACT_PAIRS = 10**12
LongTexts = Literal["cut", "mean", "explode"]
Kept = Literal["frequent", "first", "longest"]


class EmbedColumnsArgs(TypedDict, total=False):
    """Arguments of `EmbedColumns`."""

    columns: Annotated[Sequence[str] | None, Argument("Names of the text columns, a list.")]
    templates: Annotated[
        Mapping[str, str] | None,
        Argument("Texts put together from several columns: name -> '{column}, {column}'."),
    ]
    embedder: EmbedderArgument
    dims: Annotated[int | None, Argument("Keep only the first so many dimensions.", least=1)]
    dtype: Annotated[
        Literal["float32", "float16", "int8", "binary"],
        Argument("float32, float16, int8 or binary.", default="float32"),
    ]
    normalize: Annotated[
        bool | None,
        Argument("Whether vectors get length 1.", default_help="as the model gives them"),
    ]
    long_texts: Annotated[
        LongTexts,
        Argument(
            "What becomes of a text longer than the model reads: 'cut' off, the 'mean' of its "
            "chunks, or a row for each ('explode').",
            default="cut",
        ),
    ]
    chunk_tokens: Annotated[
        int | None, Argument("Tokens of a chunk.", default_help="what it reads", least=1)
    ]
    chunk_overlap: Annotated[int, Argument("Tokens that two chunks share.", default=32, least=0)]
    batch_size: Annotated[
        int,
        Argument(
            "Texts per call of an embedder that does not cut batches itself.",
            default=32,
            least=1,
        ),
    ]
    color_by: Annotated[
        str | None,
        Argument(
            "Column that colours the map of the vectors in report.html.",
            default_help="the one with few values that are best told apart",
        ),
    ]


class MatchSimilarArgs(TypedDict, total=False):
    """Arguments of `MatchSimilar`."""

    text: Required[Annotated[str, Argument("Text column of the table, or a template '{a}, {b}'.")]]
    reference_text: Annotated[
        str | None,
        Argument("Text column of the reference, or a template.", default_help="as `text`"),
    ]
    k: Annotated[int, Argument("Matches for each row, at most.", default=1, least=1)]
    threshold: Annotated[float, Argument("The least score.", default=0.5, least=-1, most=1)]
    block_by: Annotated[
        Sequence[str] | Mapping[str, str] | None,
        Argument("Columns that must be equal: a list, or column -> column of the reference."),
    ]
    one_to_one: Annotated[
        bool,
        Argument(
            "Use each row of either table once at most, with the greatest sum of scores.",
            default=False,
        ),
    ]
    lexical: Annotated[bool, Argument("Compare letters too (rapidfuzz).", default=True)]
    lexical_weight: Annotated[
        float,
        Argument(
            "Share of the letters in the score, 0 to 1; the rest is the cosine.",
            default=0.0,
            least=0,
            most=1,
        ),
    ]
    keep_unmatched: Annotated[bool, Argument("Keep rows without a match.", default=True)]
    exact_pairs: Annotated[
        int,
        Argument("Pairs up to which all are compared.", default=EXACT_PAIRS, least=0),
    ]
    embedder: EmbedderArgument


class DropNearDuplicatesArgs(TypedDict, total=False):
    """Arguments of `DropNearDuplicates`."""

    text: Required[Annotated[str, Argument("Text column, or a template '{a}, {b}'.")]]
    threshold: Annotated[
        float, Argument("The least cosine of duplicates.", default=0.95, least=-1, most=1)
    ]
    min_lexical: Annotated[
        float,
        Argument(
            "How alike their letters must be too, 0 to 1 (rapidfuzz).",
            default=0.0,
            least=0,
            most=1,
        ),
    ]
    block_by: Annotated[
        Sequence[str] | None, Argument("Columns that must be equal in duplicates, a list.")
    ]
    keep: Annotated[
        Kept,
        Argument(
            "Which text stays: the most 'frequent', the 'first' or the 'longest'.",
            default="frequent",
        ),
    ]
    embedder: EmbedderArgument
