"""Values of a recipe's parameters and of a step's args, from the texts of the command line."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import UnionType
from typing import Any

from dreambolt_steps.errors import RecipeError
from dreambolt_steps.unknown_names import tell_known

_COMMA = re.compile(r",(?![^()]*\))")  # not the one in decimal(10,2)
_TRUE, _FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off")


def parse_settings(
    settings: Sequence[str], kinds: Mapping[str, Any], *, owner: str, option: str = "--set"
) -> dict[str, Any]:
    """Turn `name=value` texts into typed values.

    Args:
        settings: as given; a name that is repeated adds to a list or dictionary, else the last one
            counts.
        kinds: name -> type of everything that may be set.
        owner: whose names they are, for errors, such as "recipes/worldcup.py".
        option: the option of the command line that they were given with, for errors.

    Raises:
        RecipeError: an unknown name, or a value of another type.

    Example:
        >>> parse_settings(["rows=5"], {"rows": int}, owner="cups.py")
        {'rows': 5}
    """
    given: dict[str, list[str]] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise RecipeError(f"{option} {setting}: write it as name=value")
        if name not in kinds:
            raise RecipeError(
                f"{option} {name}: {owner} has no such parameter; {tell_known(name, kinds)}"
            )
        given.setdefault(name, []).append(value)
    return {
        name: parse_value(name, values, kinds[name], option=option)
        for name, values in given.items()
    }


def parse_value(name: str, values: list[str], kind: Any, *, option: str = "--set") -> Any:
    """Turn the texts that were given for one parameter into its type.

    Args:
        name: of the parameter, for errors.
        values: every text that was given; a single value takes the last one.
        kind: str, int, float, bool, Path, a Literal, a list, tuple or dict of them, or a union.
            A list may be written as JSON (`["a,b", ""]`), a dictionary as well (`{"a=b": "text"}`).
        option: the option of the command line, for errors.

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
        kinds = [one for one in inner if one is not type(None)]
        return _parse_first(name, values, kinds, option)
    told = f"{option} {name}={values[-1] if values else ''}"
    if origin is typing.Literal:
        if values[-1] not in map(str, inner):
            raise RecipeError(f"{told}: no such value; {tell_known(values[-1], inner)}")
        return next(one for one in inner if str(one) == values[-1])
    if (origin or kind) in (list, tuple, Sequence):
        items = [item for value in values for item in _split_items(value)]
        parsed = [parse_value(name, [item], (*inner, str)[0], option=option) for item in items]
        return tuple(parsed) if tuple in (kind, origin) else parsed
    if (origin or kind) in (dict, Mapping):
        pairs = [pair for value in values for pair in _split_pairs(value)]
        if any(not equals for _, equals, _ in pairs):
            raise RecipeError(f"{told}: write key=value, several with commas")
        one = (*inner, str, str)[1]
        return {key: parse_value(name, [value], one, option=option) for key, _, value in pairs}
    return _parse_scalar(values[-1], kind, told)


def _split_items(value: str) -> list[str]:
    """Items of a list: a JSON array, or texts between commas."""
    if value.startswith("["):
        with suppress(ValueError):
            return [
                item if isinstance(item, str) else json.dumps(item) for item in json.loads(value)
            ]
    return [item for item in _COMMA.split(value) if item]


def _split_pairs(value: str) -> list[tuple[str, str, str]]:
    """Pairs of a dictionary: a JSON object, or key=value between commas."""
    if value.startswith("{"):
        with suppress(ValueError):
            return [
                (key, "=", item if isinstance(item, str) else json.dumps(item))
                for key, item in json.loads(value).items()
            ]
    return [item.partition("=") for item in _COMMA.split(value) if item]


def _parse_first(name: str, values: list[str], kinds: list[Any], option: str) -> Any:
    """The value as the first of several types that takes it; text, which takes all, comes last."""
    *others, last = sorted(kinds, key=lambda kind: kind is str)
    for kind in others:
        with suppress(RecipeError):
            return parse_value(name, values, kind, option=option)
    return parse_value(name, values, last, option=option)


def _parse_scalar(value: str, kind: Any, told: str) -> Any:
    if kind is bool:
        if value.lower() not in _TRUE + _FALSE:
            raise RecipeError(f"{told}: not a yes or no; write true or false")
        return value.lower() in _TRUE
    if kind in (int, float):
        try:
            return kind(value)
        except ValueError as error:
            words = "a whole number" if kind is int else "a number"
            raise RecipeError(f"{told}: not {words}") from error
    if kind is Path:
        return Path(value)
    if kind not in (str, Any, object):
        named = getattr(kind, "__name__", str(kind))
        raise RecipeError(f"{told}: a {named} can't be given on the command line")
    return value
