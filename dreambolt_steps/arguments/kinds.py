"""The kinds of values that arguments take: whether one fits, and kinds and values in words."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from datetime import date
from numbers import Integral, Real
from os import PathLike
from types import NoneType
from typing import Any, Literal

from dreambolt_steps.arguments.argument import Argument, split_union
from dreambolt_steps.arguments.models import EmbeddingModel, LanguageModel
from dreambolt_steps.secret_text import hide_passwords

_MODELS = (LanguageModel, EmbeddingModel)
_WORDS: dict[Any, tuple[str, str]] = {  # one, and several
    str: ("text", "texts"),
    bool: ("True or False", "True or False"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    date: ("a date", "dates"),
    NoneType: ("None", "None"),
    LanguageModel: ("a language model", "language models"),
    EmbeddingModel: ("an embedder", "embedders"),
}
_SHOWN = 40


def fits(value: Any, kind: Any) -> bool:
    """Whether a value is of a kind: a type of those that declarations name."""
    origin, inner = typing.get_origin(kind) or kind, typing.get_args(kind)
    if kind in (Any, object):
        return True
    if len(kinds := split_union(kind)) > 1:
        return any(fits(value, one) for one in kinds)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin is bool:
        return type(value).__name__ in ("bool", "bool_")  # numpy's too
    if origin in (int, float):
        number = Integral if origin is int else Real
        return isinstance(value, number) and not isinstance(value, bool)
    if origin in _MODELS:
        return callable(getattr(value, "run", None)) and _is_model(value, origin)
    if origin is Sequence:
        is_list = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        return is_list and all(fits(one, (*inner, Any)[0]) for one in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            fits(key, inner[0]) and fits(one, inner[1]) for key, one in value.items()
        )
    return isinstance(value, NoneType if origin is None else origin)


def _is_model(value: Any, kind: Any) -> bool:
    """By the class alone: the width of an embedder may be known once it is loaded."""
    is_embedder = hasattr(type(value), "dims")
    return not isinstance(value, type) and is_embedder == (kind is EmbeddingModel)


def describe_kind(kind: Any, *, several: bool = False) -> str:
    """A kind in words, such as `text, or a list of texts`; None is left out beside others.

    >>> describe_kind(Mapping[str, bool] | bool | None)
    'True or False, or a dictionary of name -> True or False'
    """
    kinds = [one for one in split_union(kind) if one is not NoneType] or [NoneType]
    if str in kinds and set(kinds) & set(_MODELS):
        kinds = [one for one in kinds if one is not str]
        return f"{_describe_one(kinds[0], several)}, or the name of one"
    kinds.sort(key=lambda one: typing.get_origin(one) in (Sequence, Mapping))
    told = list(dict.fromkeys(_describe_one(one, several) for one in kinds))
    if several or len(told) == 1:
        return " or ".join(told)
    return f"{', '.join(told[:-1])}, or {told[-1]}"


def _describe_one(kind: Any, several: bool) -> str:
    origin, inner = typing.get_origin(kind) or kind, typing.get_args(kind)
    if origin is Literal:
        return " | ".join(map(repr, inner)).replace("'", '"')
    if origin is Sequence:
        told = describe_kind(inner[0], several=True) if inner else "values"
        return f"{'lists' if several else 'a list'} of {told}"
    if origin is Mapping:
        told = describe_kind(inner[1]) if inner else "a value"
        return f"{'dictionaries' if several else 'a dictionary'} of name -> {told}"
    if origin is PathLike:
        return "paths" if several else "a path"
    return _WORDS.get(origin, ("any value", "values"))[several]


def describe_limits(argument: Argument) -> str:
    """The limits of a number in words, such as `1 or more`; empty without any."""
    if argument.least is not None and argument.most is not None:
        return f"from {argument.least:g} to {argument.most:g}"
    return "" if argument.least is None else f"{argument.least:g} or more"


def describe_value(value: Any) -> str:
    """A value as an error shows it, with what it is.

    >>> describe_value("name"), describe_value(True), describe_value({"a": 1})
    ('"name", a text', 'True', "{'a': 1}, a dictionary")
    """
    if isinstance(value, type):
        return f"{value.__name__}, a class"
    shown = f'"{value}"' if isinstance(value, str) and '"' not in value else repr(value)
    shown = hide_passwords(" ".join(shown.split()))
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}..."
    if value is None or isinstance(value, bool):
        return shown
    for kind, words in (
        (str, "a text"),
        (Integral, "a whole number"),
        (Real, "a number"),
        (Mapping, "a dictionary"),
        (list, "a list"),
    ):
        if isinstance(value, kind):
            return f"{shown}, {words}"
    return f"of the type {type(value).__name__}"
