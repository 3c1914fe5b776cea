"""Args of steps from the command line, such as `--load name=value`, typed by the signatures of the
functions behind those steps."""

from __future__ import annotations

import typing
from collections.abc import Callable, Sequence
from types import NoneType, UnionType
from typing import Any, Literal

from dreambolt_steps.recipes.recipe_values import parse_settings

_OF_THE_SESSION: dict[str, Any] = {
    "only": Literal["all", "new"],
    "since": str,
    "cursor": str,
    "rehash": bool,
}
_OF_THE_TABLE: dict[str, Any] = {"contract": str, "profile": bool}
# What a shell user can't easily write.
_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\0": "\0"}


def list_read_kinds() -> dict[str, Any]:
    """Name -> type of what may be told of files by hand."""
    from dreambolt_steps.readers.table.read import read_table

    internal = ("paths", "sources", "spool", "since", "is_part", "limit")
    return _list_kinds(read_table, leave_out=internal)


def list_load_kinds() -> dict[str, Any]:
    """Name -> type of every arg of `LoadTable` but the source: those about files, and those about
    what a session has taken already."""
    return list_read_kinds() | _OF_THE_SESSION


def list_plan_kinds() -> dict[str, Any]:
    """Name -> type of what may be told of columns by hand."""
    from dreambolt_steps.tables.clean import plan_cleaning

    return _list_kinds(plan_cleaning, leave_out=("open_reader", "has_nulls"))


def list_clean_kinds() -> dict[str, Any]:
    """Name -> type of every arg of `CleanTable`: those about columns, and those about what the
    table promises and was before."""
    return list_plan_kinds() | _OF_THE_TABLE


def parse_load(settings: Sequence[str]) -> dict[str, Any]:
    r"""Args of `LoadTable` from `name=value` texts; `\t` is a tab.

    Raises:
        RecipeError: an unknown name, or a value of another type.

    Example:
        >>> parse_load(["delimiter=;", "skip=2"])
        {'delimiter': ';', 'skip': 2}
    """
    parsed = parse_settings(settings, list_load_kinds(), owner="LoadTable", option="--load")
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
    parsed = parse_settings(settings, list_clean_kinds(), owner="CleanTable", option="--clean")
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
    from dreambolt_steps.warehouses.firebolt.prepare import FireboltOptions
    from dreambolt_steps.warehouses.firebolt.settings import is_firebolt
    from dreambolt_steps.warehouses.firebolt.sql.names import TableLayout
    from dreambolt_steps.warehouses.load import Load

    kinds: dict[str, Any] = {"key": list[str], "evolve": bool}
    if is_firebolt(target):
        options = {**_list_kinds(FireboltOptions, ("layout", "fingerprints"))}
        options |= _list_kinds(TableLayout, ())
        lists = {name: list[str] for name, kind in options.items() if kind == tuple[str, ...]}
        kinds |= options | lists | {"descriptions": dict[str, str]}
    parsed = parse_settings(settings, kinds, owner="the step that loads", option="--copy")
    Load("table", "load", mode=mode, key=tuple(parsed.get("key", ())))
    return parsed


def parse_columns(columns: Sequence[str]) -> dict[str, str]:
    """`name=type` texts as a dictionary.

    Raises:
        UsageError: one is written otherwise, or names an unknown type.
    """
    from dreambolt_steps.errors import UsageError
    from dreambolt_steps.tables.column_types import read_type

    types = {}
    for text in columns:
        name, equals, word = text.rpartition("=")
        if not equals:
            raise UsageError(f"--columns {text}: write it as name=type, such as id=text")
        read_type(word)
        types[name] = word
    return types


def _list_kinds(function: Callable[..., Any], leave_out: Sequence[str]) -> dict[str, Any]:
    hints = typing.get_type_hints(function)
    return {
        name: _drop_none(kind) for name, kind in hints.items() if name not in (*leave_out, "return")
    }


def _drop_none(kind: Any) -> Any:
    """The type without None: `quote=` means the empty text, not "find out"."""
    if typing.get_origin(kind) not in (typing.Union, UnionType):
        return kind
    return typing.Union[tuple(one for one in typing.get_args(kind) if one is not NoneType)]  # noqa: UP007


def _unescape(value: Any) -> Any:
    return _ESCAPES.get(value, value) if isinstance(value, str) else value
