"""Values of a recipe's parameters, from the texts of the command line."""

from __future__ import annotations

import re
import typing
from contextlib import suppress
from pathlib import Path
from types import UnionType
from typing import Any

from dreambolt_steps.errors import RecipeError

_COMMA = re.compile(r",(?![^()]*\))")  # not the one in decimal(10,2)
_TRUE, _FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off")


def parse_value(name: str, values: list[str], kind: Any) -> Any:
    """Turn the texts that were given for one parameter into its type.

    Args:
        name: of the parameter, for errors.
        values: every text that was given; a single value takes the last one.
        kind: str, int, float, bool, Path, a Literal, a list, tuple or dict of them, or a union.

    Raises:
        RecipeError: a text is none of the type, or the type can't be written as text.

    Example:
        >>> parse_value("embed", ["name,club", "city"], list[str])
        ['name', 'club', 'city']
    """
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, UnionType):
        if values == [""] and type(None) in inner:
            return None
        return _parse_first(name, values, [one for one in inner if one is not type(None)])
    if origin is typing.Literal:
        if values[-1] not in map(str, inner):
            raise RecipeError(f"--set {name}={values[-1]}: one of {', '.join(map(str, inner))}")
        return next(one for one in inner if str(one) == values[-1])
    if origin in (list, tuple) or kind in (list, tuple):
        items = [item for value in values for item in _COMMA.split(value) if item]
        parsed = [parse_value(name, [item], (*inner, str)[0]) for item in items]
        return tuple(parsed) if tuple in (kind, origin) else parsed
    if dict in (kind, origin):
        pairs = [item.partition("=") for value in values for item in _COMMA.split(value) if item]
        if any(not equals for _, equals, _ in pairs):
            raise RecipeError(f"--set {name}={values[-1]}: write key=value, several with commas")
        return {key: parse_value(name, [value], (*inner, str, str)[1]) for key, _, value in pairs}
    return _parse_scalar(name, values[-1], kind)


def _parse_first(name: str, values: list[str], kinds: list[Any]) -> Any:
    """The value as the first of several types that takes it; text, which takes all, comes last."""
    *others, last = sorted(kinds, key=lambda kind: kind is str)
    for kind in others:
        with suppress(RecipeError):
            return parse_value(name, values, kind)
    return parse_value(name, values, last)


def _parse_scalar(name: str, value: str, kind: Any) -> Any:
    if kind is bool:
        if value.lower() not in _TRUE + _FALSE:
            raise RecipeError(f"--set {name}={value}: not a yes or no; write true or false")
        return value.lower() in _TRUE
    if kind in (int, float):
        try:
            return kind(value)
        except ValueError as error:
            words = "a whole number" if kind is int else "a number"
            raise RecipeError(f"--set {name}={value}: not {words}") from error
    if kind is Path:
        return Path(value)
    if kind not in (str, Any, object):
        told = getattr(kind, "__name__", str(kind))
        raise RecipeError(f"--set {name}={value}: a {told} can't be given on the command line")
    return value
