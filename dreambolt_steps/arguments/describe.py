"""An argument in one line: what it takes, what it is, and its default."""

from __future__ import annotations

from dreambolt_steps.arguments.argument import Argument
from dreambolt_steps.arguments.kinds import describe_kind, describe_limits


def describe_takes(argument: Argument) -> str:
    """What it takes, such as `a whole number, 1 or more`."""
    limits = describe_limits(argument)
    return ", ".join(filter(None, [describe_kind(argument.kind), limits]))


def describe_default(argument: Argument) -> str:
    """Its default in a sentence."""
    if argument.required:
        return "Required."
    if argument.default_help is not None:
        return f"Default: {argument.default_help}."
    return "Optional." if argument.default is None else f"Default: {argument.default!r}."


def describe_argument(argument: Argument) -> str:
    """All of it: `Text column. Takes text. Required.`"""
    return f"{argument.help} {describe_default(argument)} Takes {describe_takes(argument)}."
