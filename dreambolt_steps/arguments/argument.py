"""What is declared of an argument, and how a declaration is read."""

from __future__ import annotations

import typing
from dataclasses import dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import Any


@dataclass(frozen=True, eq=False)
class Argument:
    """One argument of a step: stands in the `Annotated` of a `TypedDict`, beside its type.

    Attributes:
        help: what it is, in a sentence.
        default: the value where none is given.
        default_help: the default in words, where it is found out.
        least, most: limits of a number.
        on_command_line: the type of a text of the command line, where it is another.
        name, kind, required: by the declaration that it stands in.

    Example:
        class ShuffleArgs(TypedDict, total=False):
            seed: Annotated[int, Argument("Draws the order.", default=0, least=0)]
    """

    help: str
    default: Any = None
    default_help: str | None = None
    least: float | None = None
    most: float | None = None
    on_command_line: Any = None
    name: str = ""
    kind: Any = Any
    required: bool = False


@cache
def list_arguments(declaration: Any) -> tuple[Argument, ...]:
    """The arguments of a declaration, in its order, which is part of the fingerprints of steps.

    Args:
        declaration: a `TypedDict` whose every key is an `Annotated[type, Argument(...)]`; the
            required ones are `Required`.
    """
    found = []
    for name, hint in typing.get_type_hints(declaration, include_extras=True).items():
        required = typing.get_origin(hint) is typing.Required
        kind, argument = typing.get_args(typing.get_args(hint)[0] if required else hint)[:2]
        found.append(replace(argument, name=name, kind=kind, required=required))
    return tuple(found)


def list_kinds(declaration: Any) -> dict[str, Any]:
    """Name -> type of each argument, as the command line takes it: without None, since a text that
    is empty means the empty text."""
    return {
        one.name: one.on_command_line or _drop_none(one.kind) for one in list_arguments(declaration)
    }


def split_union(kind: Any) -> tuple[Any, ...]:
    """The types that a type allows."""
    is_union = typing.get_origin(kind) in (typing.Union, UnionType)
    return typing.get_args(kind) if is_union else (kind,)


def _drop_none(kind: Any) -> Any:
    return typing.Union[tuple(one for one in split_union(kind) if one is not NoneType)]  # noqa: UP007
