"""Arguments of `CleanTable` as warnings word them."""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import Any


def read_argument(text: str) -> tuple[str, dict[str, Any], str] | None:
    """Take an argument as a warning words it apart: name, column -> value, and other values.

    >>> read_argument("day_first={'joined': True} or False")
    ('day_first', {'joined': True}, 'or False')

    Returns: None for a text that is no such argument.
    """
    name, _, value = text.partition("=")
    with suppress(SyntaxError, ValueError):
        tree = ast.parse(value, mode="eval").body
        first = tree.values[0] if isinstance(tree, ast.BoolOp) else tree
        rest = tree.values[1:] if isinstance(tree, ast.BoolOp) else []
        answers = ast.literal_eval(first)
        if isinstance(answers, dict):
            return name, answers, " ".join(f"or {ast.unparse(other)}" for other in rest)
    return None
