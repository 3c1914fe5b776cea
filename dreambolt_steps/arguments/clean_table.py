"""The arguments of `CleanTable`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Annotated, Any, Literal, TypedDict

from dreambolt_steps.arguments.argument import Argument

Naming = Literal["snake_case", "camel", "source"]
DecimalSeparator = Literal[".", ","]
Normalization = Literal["NFC", "NFKC"]
OnMismatch = Literal["reject", "null", "raise", "widen"]
Duplicates = Literal["keep", "drop", "flag"]
Mask = Literal["hash", "partial", "redact"]
_FOUND = "found out"


class CleaningArgs(TypedDict, total=False):
    """What may be told of columns, in the order in which a table is cleaned: the arguments of
    `plan_cleaning`."""

    types: Annotated[
        Mapping[str, str] | None,
        Argument(
            "Column -> text, integer, int8.., decimal(p,s), float, boolean, date, time.. "
            '("*": the rest); decimal, currency and percent find their digits; uuid, json and '
            "category are text. Days and moments may have a format: date(%d.%m.%y), "
            "timestamp(%d %b %Y - %H:%M)."
        ),
    ]
    rename: Annotated[Mapping[str, str] | None, Argument("Source or clean name -> wanted name.")]
    keep: Annotated[
        Sequence[str] | None, Argument('Columns to keep: names or patterns such as "home_*".')
    ]
    drop: Annotated[Sequence[str] | None, Argument("Columns to leave out, the same way.")]
    naming: Annotated[
        Naming,
        Argument("snake_case, camel, or source: names as they are.", default="snake_case"),
    ]
    null_tokens: Annotated[
        Mapping[str, Sequence[str]] | Sequence[str] | None,
        Argument(
            "Values that mean NULL, after trimming: a list, or column -> list.",
            default_help='"", N/A, NA, NULL and the like; where a column is text only "", N/A and '
            "the like, and none in sources with NULLs of their own",
        ),
    ]
    trim: Annotated[bool, Argument("Take blanks off both ends of text.", default=True)]
    day_first: Annotated[
        bool | Mapping[str, bool] | None,
        Argument(
            "Whether 1/2/2024 is the first of February; for all, or column -> true or false.",
            default_help=_FOUND,
        ),
    ]
    decimal_separator: Annotated[
        DecimalSeparator | Mapping[str, DecimalSeparator] | None,
        Argument(
            '"." or ",", what stands before decimals; for all, or column -> one of them.',
            default_help=_FOUND,
        ),
    ]
    true_words: Annotated[
        Sequence[str],
        Argument("Words for true besides true and yes, in any case.", default=[]),
    ]
    false_words: Annotated[
        Sequence[str],
        Argument("Words for false besides false and no, in any case.", default=[]),
    ]
    repair: Annotated[
        bool,
        Argument('Repair text that was decoded with the wrong encoding: "JosÃ©".', default=False),
    ]
    normalize: Annotated[
        Normalization | None, Argument("A Unicode form to put text into: NFC or NFKC.")
    ]
    on_mismatch: Annotated[
        OnMismatch | Mapping[str, OnMismatch],
        Argument(
            "A value that is not of its type in `types`: reject its row, make it null, raise, "
            "or widen the column, at last to text. For all, or column -> word.",
            default="reject",
        ),
    ]
    duplicates: Annotated[
        Duplicates,
        Argument(
            "Rows that are equal once they are clean: keep them, drop all but the first, or "
            "flag them in a column is_duplicate.",
            default="keep",
        ),
    ]
    duplicates_by: Annotated[
        Sequence[str] | None,
        Argument("Columns that have to be equal for that.", default_help="all"),
    ]
    masks: Annotated[
        Mapping[str, Mask] | None,
        Argument(
            "Column -> hash (keyed by DREAMBOLT_MASK_KEY), partial (a***@example.com) or redact."
        ),
    ]


class CleanTableArgs(CleaningArgs, total=False):
    """Arguments of `CleanTable`."""

    contract: Annotated[
        str | PathLike[str] | Mapping[str, Any] | None,
        Argument(
            "What the table promises: a YAML file, or what stands in one.", on_command_line=str
        ),
    ]
    profile: Annotated[
        bool,
        Argument(
            "Keep quality scores, and compare the table with that of the session's last run.",
            default=True,
        ),
    ]
