"""JSON line by line, by Python's parser: slow and exact, for what fast readers would change or
refuse."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from dreambolt_steps.readers.json.types import JsonType, make_arrow_type, merge_types
from dreambolt_steps.tables.sql import open_cursor

_FLOAT_DIGITS = 17
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*"')
_MOST_DEPTH = 500  # what Python's parser takes depends on a limit that a program may raise
_INT_LIMITS = ((2**53, "integer"), (2**63 - 1, "wide"), (10**38 - 1, "big"))


class ExactNumber(str):
    """A number with more digits than a float64 keeps, as it is written."""


def _is_too_deep(line: bytes) -> bool:
    if line.count(b"[") + line.count(b"{") <= _MOST_DEPTH:
        return False
    values = np.frombuffer(_TEXTS.sub(b"", line), np.uint8)
    opened = (values == ord("[")) | (values == ord("{"))
    closed = (values == ord("]")) | (values == ord("}"))
    depths = np.cumsum(opened.astype(np.int64) - closed)
    return int(depths.max(initial=0)) > _MOST_DEPTH


@dataclass
class Repeats:
    """Keys that an object has twice.

    Attributes:
        rows: how many rows have some.
        first: the first of them: byte offset of its row, and the key.
    """

    rows: int = 0
    first: tuple[int, str] | None = None


@dataclass
class ExactParser:
    """Parses lines; what can't be parsed is told, with its reason.

    Attributes:
        repeats: keys that occurred twice in an object; the last value counts.
    """

    repeats: Repeats = field(default_factory=Repeats)
    _repeated: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Set up the parser with hooks for numbers and objects."""
        self._decode: Callable[[str], Any] = json.JSONDecoder(
            object_pairs_hook=self._build_object, parse_float=_parse_float
        ).decode

    def parse(self, offset: int, line: bytes) -> tuple[dict[str, Any] | None, str]:
        """Parse one line.

        Returns: the object and "", or None and the reason why it is none.
        """
        self._repeated.clear()
        if _is_too_deep(line):
            return None, "nested too deep"
        try:
            text = line.decode()
            value = self._decode(text)
            if _SURROGATE.search(line):
                json.dumps(value, ensure_ascii=False).encode()
        except UnicodeDecodeError as error:
            return None, f"byte {error.start} is not valid UTF-8; give encoding=..."
        except UnicodeEncodeError:
            return None, "half of a surrogate pair (such as \\ud800) stands for no character"
        except RecursionError:
            return None, "nested too deep"
        except ValueError as error:
            value = self._parse_leniently(text)
            if value is None:
                return None, _explain(error)
        if not isinstance(value, dict):
            return None, f"{_name_json(value)} where an object is expected"
        if self._repeated:
            self.repeats.rows += 1
            self.repeats.first = self.repeats.first or (offset, self._repeated[0])
        return value, ""

    def _parse_leniently(self, text: str) -> Any:
        """Parse what DuckDB takes for JSON though Python does not, such as a trailing comma."""
        try:
            with open_cursor() as cursor:
                minified = cursor.execute("select json(?)::varchar", [text]).fetchall()[0][0]
            return self._decode(minified)
        except (duckdb.Error, ValueError, RecursionError):
            return None

    def _build_object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) < len(pairs):
            seen: set[str] = set()
            self._repeated += [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
        return built


def infer_type(value: Any) -> JsonType:
    """The type of one parsed value."""
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: infer_type(inner) for key, inner in value.items()}
    if isinstance(value, list):
        kind: JsonType = None
        for inner in value:
            kind = merge_types(kind, infer_type(inner))
        return [kind]
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return next((word for limit, word in _INT_LIMITS if -limit <= value <= limit), "exact")
    if isinstance(value, float):
        return "float"
    return "exact" if isinstance(value, ExactNumber) else "text"


def build_batch(rows: Sequence[dict[str, Any]], kind: dict[str, JsonType]) -> pa.RecordBatch:
    """Build a batch of parsed rows, as DuckDB would read them."""
    schema = pa.schema([(name, make_arrow_type(inner)) for name, inner in kind.items()])
    arrays = [
        pa.array([convert_value(row.get(name), inner) for row in rows], schema.field(i).type)
        for i, (name, inner) in enumerate(kind.items())
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def convert_value(value: Any, kind: JsonType) -> Any:
    """Make a parsed value one that Arrow takes for its type."""
    if value is None or kind is None:
        return None
    if isinstance(kind, dict):
        return {name: convert_value(value.get(name), inner) for name, inner in kind.items()} or None
    if isinstance(kind, list):
        return [convert_value(inner, kind[0]) for inner in value]
    if kind in ("exact", "mixed"):
        return str(value) if isinstance(value, str) else write_json(value)
    if kind == "float":
        return float(value)
    return Decimal(value) if kind == "big" else value


def render_float(value: float) -> str:
    """Write a float as DuckDB writes it into JSON: the fewest digits, an exponent from 1e21 on and
    below 1e-6.

    >>> render_float(1e20), render_float(1.5e-7)
    ('100000000000000000000.0', '1.5e-7')
    """
    if not math.isfinite(value):
        return "NaN" if value != value else f"{'-' if value < 0 else ''}Infinity"
    if 1e-6 <= abs(value) < 1e21 or value == 0:
        text = format(Decimal(repr(value)), "f")
        return text if "." in text else f"{text}.0"
    digits, _, exponent = repr(value).partition("e")
    return f"{digits.removesuffix('.0')}e{int(exponent)}"


def write_json(value: Any) -> str:
    """Write a parsed value as compact JSON, numbers as they were written."""
    return "".join(_write(value))


def _write(value: Any) -> Iterator[str]:
    """Write a value as compact JSON."""
    if isinstance(value, dict):
        yield "{"
        for number, (key, inner) in enumerate(value.items()):
            yield f"{',' if number else ''}{json.dumps(key, ensure_ascii=False)}:"
            yield from _write(inner)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for number, inner in enumerate(value):
            yield "," if number else ""
            yield from _write(inner)
        yield "]"
    elif isinstance(value, ExactNumber):
        yield str(value)
    elif isinstance(value, float):
        yield render_float(value)
    else:
        yield json.dumps(value, ensure_ascii=False)


def _parse_float(text: str) -> Any:
    digits = text.lower().partition("e")[0].replace(".", "").lstrip("-0").rstrip("0")
    if len(digits) > _FLOAT_DIGITS:
        return ExactNumber(text)
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:40]} is beyond the range of a float64")
    return value


def _explain(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON: {error.msg} at character {error.pos}"
    return str(error).splitlines()[0]


def _name_json(value: Any) -> str:
    names = {list: "an array", str: "a text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
