"""What may be told of cleaning: the args of `CleanTable` that `plan_cleaning` takes."""

from __future__ import annotations

from dreambolt_steps.steps.base.table_step import TableStep


def register_cleaning(step: TableStep) -> None:
    """Register the args, in the order in which a table is cleaned; for `setup()`."""
    step.register_arg(
        "types",
        required=False,
        help="Column -> text, integer, int8.., decimal(p,s), float, boolean, date, time.. "
        '("*": the rest); '
        "decimal, currency and percent find their digits; uuid, json and category "
        "are text.",
    )
    step.register_arg("rename", required=False, help="Source or clean name -> wanted name.")
    step.register_arg(
        "keep", required=False, help='Columns to keep: names or patterns such as "home_*".'
    )
    step.register_arg("drop", required=False, help="Columns to leave out, the same way.")
    step.register_arg(
        "naming",
        required=False,
        default="snake_case",
        help="snake_case, camel, or source: names as they are.",
    )
    step.register_arg(
        "null_tokens",
        required=False,
        help="Values that mean NULL, after trimming: a list, or column -> list.",
        default_help='"", NA, N/A, NULL and the like; in sources with NULLs of their own only '
        "where a column is not text",
    )
    step.register_arg(
        "trim", required=False, default=True, help="Take blanks off both ends of text."
    )
    step.register_arg(
        "day_first",
        required=False,
        help="Whether 1/2/2024 is the first of February; for all, or column -> true or false.",
        default_help="found out",
    )
    step.register_arg(
        "decimal_separator",
        required=False,
        help='"." or ",", what stands before decimals; for all, or column -> one of them.',
        default_help="found out",
    )
    step.register_arg(
        "true_words",
        required=False,
        default=[],
        help="Words for true besides true and yes, in any case.",
    )
    step.register_arg(
        "false_words",
        required=False,
        default=[],
        help="Words for false besides false and no, in any case.",
    )
    step.register_arg(
        "repair",
        required=False,
        default=False,
        help='Repair text that was decoded with the wrong encoding: "JosÃ©".',
    )
    step.register_arg(
        "normalize", required=False, help="A Unicode form to put text into: NFC or NFKC."
    )
    step.register_arg(
        "on_mismatch",
        required=False,
        default="reject",
        help="A value that is not of its type in `types`: reject its row, make it null, raise, "
        "or widen the column, at last to text. For all, or column -> word.",
    )
    step.register_arg(
        "duplicates",
        required=False,
        default="keep",
        help="Rows that are equal once they are clean: keep them, drop all but the first, or "
        "flag them in a column is_duplicate.",
    )
    step.register_arg(
        "duplicates_by",
        required=False,
        help="Columns that have to be equal for that.",
        default_help="all",
    )
    step.register_arg(
        "masks",
        required=False,
        help="Column -> hash (keyed by DREAMBOLT_MASK_KEY), partial (a***@example.com) or redact.",
    )
