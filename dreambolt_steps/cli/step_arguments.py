"""Args of steps from the command line, such as `--load name=value`, typed by what those steps
declare."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from dreambolt_steps.arguments.argument import list_arguments, list_kinds
from dreambolt_steps.arguments.check import find_fault
from dreambolt_steps.arguments.clean_table import CleaningArgs, CleanTableArgs
from dreambolt_steps.arguments.load_table import LoadTableArgs, ReadArgs
from dreambolt_steps.arguments.warehouse import CopyIntoDuckDBArgs, CopyIntoFireboltArgs
from dreambolt_steps.errors import RecipeError
from dreambolt_steps.recipes.recipe_values import parse_settings

# What a shell user can't easily write.
_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\0": "\0"}
_OPTIONS_OF_THEIR_OWN = ("source", "database", "table", "mode", "load_id")


def list_read_kinds() -> dict[str, Any]:
    """Name -> type of what may be told of files by hand."""
    return list_kinds(ReadArgs)


def list_load_kinds() -> dict[str, Any]:
    """Name -> type of every arg of `LoadTable` but the source: those about files, and those about
    what a session has taken already."""
    return _list_kinds(LoadTableArgs)


def list_plan_kinds() -> dict[str, Any]:
    """Name -> type of what may be told of columns by hand."""
    return list_kinds(CleaningArgs)


def list_clean_kinds() -> dict[str, Any]:
    """Name -> type of every arg of `CleanTable`: those about columns, and those about what the
    table promises and was before."""
    return list_kinds(CleanTableArgs)


def parse_load(settings: Sequence[str]) -> dict[str, Any]:
    r"""Args of `LoadTable` from `name=value` texts; `\t` is a tab.

    Raises:
        RecipeError: an unknown name, or a value of another type.

    Example:
        >>> parse_load(["delimiter=;", "skip=2"])
        {'delimiter': ';', 'skip': 2}
    """
    parsed = _parse(settings, LoadTableArgs, "LoadTable", "--load")
    return {name: _unescape(value) for name, value in parsed.items()}


def parse_since(text: str | None, mode: str) -> dict[str, Any]:
    """Args of `LoadTable` from the `column=value` of `--since`.

    Raises:
        UsageError: it is written otherwise, or the rows before would go from the table.

    Example:
        >>> parse_since("updated_at=2026-01-31", "append")
        {'cursor': 'updated_at', 'since': '2026-01-31'}
    """
    from dreambolt_steps.errors import UsageError

    if text is None:
        return {}
    column, equals, value = text.partition("=")
    if not (column and equals and value):
        raise UsageError(
            f"--since {text}: write it as column=value, such as updated_at=2026-01-31, or "
            "updated_at=last for what is later than any row the session has taken"
        )
    if value == "last" and mode not in ("append", "merge"):
        raise UsageError(
            f"--since {text} takes new rows only, and --mode {mode} would leave the table with "
            "just those; add --mode append or --mode merge"
        )
    return {"cursor": column, "since": value}


def parse_clean(settings: Sequence[str], columns: Sequence[str] = ()) -> dict[str, Any]:
    """Args of `CleanTable` from `name=value` texts.

    Args:
        settings: of `--clean`.
        columns: `name=type` texts of `--columns`, which go before a type given in `settings`.

    Raises:
        UsageError: an unknown name, a value of another type, or an unknown column type.

    Example:
        >>> parse_clean(["trim=no"], ["id=text"])
        {'trim': False, 'types': {'id': 'text'}}
    """
    parsed = _parse(settings, CleanTableArgs, "CleanTable", "--clean")
    types = {**(parsed.get("types") or {}), **parse_columns(columns)}
    return {**parsed, "types": types} if types else parsed


def parse_copy(settings: Sequence[str], mode: str, target: str = "") -> dict[str, Any]:
    """Args of the step that loads into a warehouse, from `name=value` texts.

    Args:
        settings: of `--copy`.
        mode: how the table is loaded.
        target: of `--to`; Firebolt takes more args.

    Raises:
        UsageError: an unknown name, a value of another type, or a key that is missing.

    Example:
        >>> parse_copy(["key=id"], "merge")
        {'key': ['id']}
    """
    from dreambolt_steps.warehouses.firebolt.settings import is_firebolt
    from dreambolt_steps.warehouses.load import Load

    declaration = CopyIntoFireboltArgs if is_firebolt(target) else CopyIntoDuckDBArgs
    parsed = _parse(settings, declaration, "the step that loads", "--copy")
    Load("table", "load", mode=mode, key=tuple(parsed.get("key", ())))
    return parsed


def parse_columns(columns: Sequence[str]) -> dict[str, str]:
    """`name=type` texts as a dictionary.

    Raises:
        UsageError: one is written otherwise, or names an unknown type.
    """
    from dreambolt_steps.errors import UsageError
    from dreambolt_steps.tables.column_types import FORMAT, read_type

    types = {}
    for text in columns:
        name, equals, word = text.rpartition("=")
        if formatted := re.fullmatch(f"(.+?)=({FORMAT.pattern})", text, re.IGNORECASE):
            name, equals, word = formatted[1], "=", formatted[2]  # a format may hold an equals sign
        if not equals:
            raise UsageError(f"--columns {text}: write it as name=type, such as id=text")
        read_type(word)
        types[name] = word
    return types


def parse_model_args(settings: Sequence[str], model: str) -> dict[str, Any]:
    """More fields of a model's requests, from `name=value` texts; values are JSON, or else texts.

    Args:
        settings: of `--llm-arg`.
        model: of `--llm`.

    Raises: UsageError: one is written otherwise, or no model is asked.

    Example:
        >>> parse_model_args(["reasoning_effort=low", "top_k=5"], "gpt-5")
        {'reasoning_effort': 'low', 'top_k': 5}
    """
    from dreambolt_steps.errors import UsageError

    if settings and not model:
        raise UsageError("--llm-arg is a field of a model's requests; name one with --llm")
    fields = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--llm-arg {text}: write it as name=value")
        try:
            fields[name.strip()] = json.loads(value)
        except ValueError:
            fields[name.strip()] = value
    return fields


def _list_kinds(declaration: Any) -> dict[str, Any]:
    kinds = list_kinds(declaration)
    return {name: kind for name, kind in kinds.items() if name not in _OPTIONS_OF_THEIR_OWN}


def _parse(settings: Sequence[str], declaration: Any, owner: str, option: str) -> dict[str, Any]:
    parsed = parse_settings(settings, _list_kinds(declaration), owner=owner, option=option)
    for one in list_arguments(declaration):
        if one.name in parsed and (fault := find_fault(one, parsed[one.name])):
            raise RecipeError(f"{option} {fault}")
    return parsed


def _unescape(value: Any) -> Any:
    return _ESCAPES.get(value, value) if isinstance(value, str) else value
