"""Types of JSON values: of one, of several together, and as Arrow and DuckDB name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from dreambolt_steps.tables.sql import quote_literal

# None: only null. A word of _ARROW. {field: type}, in the order of first sight. [type of elements].
JsonType = Any
Place = tuple[str | None, ...]  # keys that lead to a part of a type; None is any element of a list

MAX_COLUMNS = 20_000
MAX_FIELDS = 1_000  # of a nested object; one with more is a map of data, not a record
_MAX_DEPTH = 20
_ARROW = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "wide": pa.int64(),
    "big": pa.decimal128(38, 0),
    "float": pa.float64(),
    "exact": pa.string(),
    "text": pa.string(),
    "mixed": pa.string(),
}
_DUCKDB = {
    "boolean": "BOOLEAN",
    "integer": "BIGINT",
    "wide": "BIGINT",
    "big": "DECIMAL(38,0)",
    "float": "DOUBLE",
}
_RANKS = {"integer": 0, "wide": 1, "big": 2}
_NUMBERS = {*_RANKS, "float", "exact"}


def merge_types(one: JsonType, two: JsonType) -> JsonType:
    """Find the type that holds the values of two.

    - "integer" is up to 2**53, "wide" up to int64, "big" up to 38 digits;
    - integers and floats are "float"; wider ones beside floats are "exact": text, as written;
    - text beside anything else, or objects, lists and others side by side, are "mixed": text, in
      which everything but text is JSON.
    """
    if one is None or one == two:
        return two
    if two is None:
        return one
    if isinstance(one, dict) and isinstance(two, dict):
        merged = dict(one)
        for name, kind in two.items():
            merged[name] = merge_types(merged[name], kind) if name in merged else kind
        return merged
    if isinstance(one, list) and isinstance(two, list):
        return [merge_types(one[0], two[0])]
    if isinstance(one, dict | list) or isinstance(two, dict | list):
        return "mixed"
    if one in _RANKS and two in _RANKS:
        return max(one, two, key=_RANKS.__getitem__)
    if one in _NUMBERS and two in _NUMBERS:
        return "float" if {one, two} == {"integer", "float"} else "exact"
    return "mixed"


def limit_type(kind: JsonType, depth: int = 0) -> JsonType:
    """Make text of what is nested more than 20 deep, and of objects within the rows that have more
    than 1,000 fields."""
    if isinstance(kind, dict):
        if depth > _MAX_DEPTH or (depth and len(kind) > MAX_FIELDS):
            return "mixed"
        return {name: limit_type(inner, depth + 1) for name, inner in kind.items()}
    if isinstance(kind, list):
        return "mixed" if depth > _MAX_DEPTH else [limit_type(kind[0], depth + 1)]
    return kind


def make_arrow_type(kind: JsonType) -> pa.DataType:
    """Name a type as Arrow does; null for nothing but null or empty objects."""
    if isinstance(kind, dict):
        fields = [(name, make_arrow_type(inner)) for name, inner in kind.items()]
        return pa.struct(fields) if fields else pa.null()
    if isinstance(kind, list):
        return pa.list_(make_arrow_type(kind[0]))
    return pa.null() if kind is None else _ARROW[kind]


def name_duckdb_type(kind: JsonType) -> str:
    """Name a type as DuckDB does; text for nothing but null."""
    if isinstance(kind, dict) and kind:
        fields = ", ".join(
            f"{_quote_name(name)} {name_duckdb_type(inner)}" for name, inner in kind.items()
        )
        return f"STRUCT({fields})"
    if isinstance(kind, list):
        return f"{name_duckdb_type(kind[0])}[]"
    return "VARCHAR" if not isinstance(kind, str) else _DUCKDB.get(kind, "VARCHAR")


def list_duckdb_columns(kind: dict[str, JsonType]) -> str:
    """Write the columns of rows as DuckDB's `columns` argument."""
    columns = (f"{quote_literal(n)}: {quote_literal(name_duckdb_type(k))}" for n, k in kind.items())
    return "{" + ", ".join(columns) + "}"


def suits_duckdb(kind: JsonType) -> bool:
    """Tell whether DuckDB can have such fields side by side: their names are not empty, hold no NUL
    and differ in more than case."""
    if isinstance(kind, list):
        return suits_duckdb(kind[0])
    if not isinstance(kind, dict):
        return True
    folded = {name.lower() for name in kind}
    plain = len(folded) == len(kind) and "" not in kind and not any("\0" in name for name in kind)
    return plain and all(suits_duckdb(inner) for inner in kind.values())


def parse_structure(structure: Any) -> JsonType:
    """Turn what DuckDB's `json_structure` says into a type; "JSON" is "mixed", though it may be an
    empty object as well; DOUBLE may hold integers, and any width is "integer"."""
    if isinstance(structure, dict):
        return {name: parse_structure(inner) for name, inner in structure.items()}
    if isinstance(structure, list):
        return [parse_structure(structure[0])]
    words = {"NULL": None, "BOOLEAN": "boolean", "DOUBLE": "float", "VARCHAR": "text"}
    words |= {"JSON": "mixed"} | dict.fromkeys(("BIGINT", "UBIGINT", "HUGEINT"), "integer")
    return words[structure]


def find_leaves(kind: JsonType, words: set[str], place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yield (place, word) of the parts of a type that are one of the words; "empty" are objects
    without any key."""
    if kind == {}:
        if "empty" in words:
            yield place, "empty"
    elif isinstance(kind, dict):
        for name, inner in kind.items():
            yield from find_leaves(inner, words, (*place, name))
    elif isinstance(kind, list):
        yield from find_leaves(kind[0], words, (*place, None))
    elif kind in words:
        yield place, kind


def show_place(place: Place) -> str:
    """Write a place for people.

    >>> show_place(("user", "tags", None, "id"))
    'user.tags[].id'
    """
    return "".join("[]" if name is None else f".{name}" for name in place).removeprefix(".")


def write_json_path(place: Place) -> str | None:
    """Write a place within the objects of an array as a JSONPath of DuckDB; None where a key has
    characters that such a path has no way to write."""
    if any(name == "" or (name and set(name) & {'"', "\\", "\0", "*"}) for name in place):
        return None
    return "$[*]" + "".join("[*]" if name is None else f'."{name}"' for name in place)


def _quote_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
