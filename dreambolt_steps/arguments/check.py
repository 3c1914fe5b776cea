"""One check a kind of argument: what is wrong with a value, and what was meant, in one line."""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import NoneType
from typing import Any, Literal

from dreambolt_steps.arguments.argument import Argument, split_union
from dreambolt_steps.arguments.kinds import describe_kind, describe_limits, describe_value, fits
from dreambolt_steps.arguments.models import EmbeddingModel, LanguageModel
from dreambolt_steps.errors import UnknownNameError, UsageError
from dreambolt_steps.unknown_names import find_closest, tell_known

_YES_NO = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def check_arguments(args: Mapping[str, Any], declared: Sequence[Argument], owner: str) -> None:
    """Check names and values of what was given to a step.

    Args:
        args: as given.
        declared: what the step takes.
        owner: the step in words, for errors.

    Raises: UsageError: a name is unknown, one is missing, or a value is of another kind.

    Example:
        >>> check_arguments({"keep": "id"}, list_arguments(CleanTableArgs), "step clean")
        UsageError: step clean: keep is "id", a text; it takes a list of texts: write ["id"]
    """
    known = {one.name: one for one in declared}
    for name in args:
        if name not in known:
            raise UnknownNameError(f"{owner} has no argument {name!r}; {tell_known(name, known)}")
    for one in declared:
        if one.required and one.name not in args:
            raise UsageError(f'{owner} needs args={{"{one.name}": ...}}: {one.help}')
        if one.name not in args:
            continue
        if fault := find_fault(one, args[one.name]):
            raise UsageError(f"{owner}: {fault}")
        if one.required and isinstance(args[one.name], str) and not args[one.name].strip():
            raise UsageError(f"{owner}: {one.name} is empty: {one.help}")


def find_fault(argument: Argument, value: Any) -> str | None:
    """What is wrong with a value, and what would be right; None if it fits."""
    if not fits(value, argument.kind):
        return _explain(argument.name, value, argument.kind)
    limits = describe_limits(argument)
    if not limits or value is None or isinstance(value, str):
        return None
    low = argument.least is None or value >= argument.least
    high = argument.most is None or value <= argument.most
    return None if low and high else f"{argument.name} is {value}; it has to be {limits}"


def _explain(name: str, value: Any, kind: Any) -> str:
    """Why a value does not fit: that of one of its items, where the rest does."""
    kinds = [one for one in split_union(kind) if one is not NoneType]
    for one in kinds:
        origin, inner = typing.get_origin(one), typing.get_args(one)
        if origin is Mapping and isinstance(value, Mapping):
            for key, item in value.items():
                if not fits(key, inner[0]):
                    return _explain(f"a key of {name}", key, inner[0])
                if not fits(item, inner[1]):
                    return _explain(f"{name}[{key!r}]".replace("'", '"'), item, inner[1])
        if origin is Sequence and isinstance(value, Sequence) and not isinstance(value, str):
            for at, item in enumerate(value):
                if not fits(item, inner[0]):
                    return _explain(f"{name}[{at}]", item, inner[0])
    told = f"{name} is {describe_value(value)}; it takes {describe_kind(kind)}"
    meant = next(filter(None, (_guess(value, one) for one in kinds)), None)
    return f"{told}: {meant}" if meant else told


def _guess(value: Any, kind: Any) -> str | None:
    """What was meant by a value of another kind."""
    origin, inner = typing.get_origin(kind) or kind, typing.get_args(kind)
    if value is None:
        return "leave it out for the default"
    if origin is Sequence and not isinstance(value, bytes):
        return _guess_list(value, inner[0])
    if origin in (LanguageModel, EmbeddingModel):
        return f"write {value.__name__}(...)" if isinstance(value, type) else None
    if origin is Literal and isinstance(value, str):
        close = find_closest(value, inner)
        return None if close is None else f'did you mean "{close}"?'
    if origin is bool:
        meant = {0: False, 1: True}.get(value) if value in (0, 1) else None
        meant = _YES_NO.get(value.strip().lower()) if isinstance(value, str) else meant
        return None if meant is None else f"write {meant}"
    if origin in (int, float) and isinstance(value, str | float):
        with suppress(ValueError):
            number = float(value)
            if number.is_integer():
                return f"write {int(number)}"
            return f"write {number:g}" if origin is float else None
    if origin is str and isinstance(value, int | float) and not isinstance(value, bool):
        return f'write "{value}"'
    return None


def _guess_list(value: Any, kind: Any) -> str | None:
    if isinstance(value, Mapping) and fits(value, kind):
        return f"write [{value}]"
    if isinstance(value, str):
        items = [part.strip() for part in value.split(",") if part.strip()]
        return f"write {json.dumps(items or [value], ensure_ascii=False)}"
    if isinstance(value, Mapping):
        return f"write {json.dumps([str(key) for key in value], ensure_ascii=False)}"
    return "write list(...) around it" if hasattr(value, "__iter__") else None
