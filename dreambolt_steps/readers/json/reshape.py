"""JSON whose rows are there in another shape than a list of objects: records under their keys,
columns, arrays of values, several values a line, an assignment before them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambolt_steps.readers.json.exact_parser import ExactNumber, write_json

MAX_BYTES = 16 << 20  # of what is parsed as a whole
_LISTS = re.compile(rb"\s*\[\s*[^\s{\]]")
_SEVERAL_LISTS = re.compile(rb"\]\s*\[\s*\{")
_FEWEST_RECORDS = 3
_PRELUDE = re.compile(
    rb"\s*(?:(?:(?:var|let|const)\s+)?[A-Za-z_$][\w$.]*(?:\[[^\]\n]{1,80}\])*\s*=|[A-Za-z_$][\w$.]*\()"
    rb"\s*(?=[\[{])"
)
_BETWEEN = re.compile(r"[\s,]*")
Row = dict[str, Any]


@dataclass(frozen=True)
class Reshaped:
    """Rows that were found in another shape.

    Attributes:
        rows: each an object.
        told: the shape, in a plain sentence.
    """

    rows: list[Row]
    told: str


def find_prelude(head: bytes) -> int:
    """Find where JSON begins behind an assignment or a call, such as `window.data = [`.

    >>> find_prelude(b'callback([{"a":1}]);')
    9

    Returns: its offset; 0 where there is no such thing.
    """
    found = _PRELUDE.match(head.removeprefix(b"\xef\xbb\xbf"))
    return found.end() + (3 if head.startswith(b"\xef\xbb\xbf") else 0) if found else 0


def holds_several_a_line(head: bytes) -> bool:
    """Whether half of the first lines are objects with another one, or a comma, behind."""
    lines = [line for line in head.split(b"\n")[:20] if line.strip()]
    odd = 0
    for line in lines:
        text = line.decode(errors="replace").strip().removeprefix("\ufeff")
        try:
            value, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            continue
        behind = text[end:].strip()
        if isinstance(value, dict) and (behind == "," or behind.lstrip(", ")[:1] == "{"):
            odd += 1
    return 0 < len(lines) <= 2 * odd


def split_lines(path: Path, target: Path) -> None:
    """Write the values of a file one a line: commas between them are left out; what is no value
    stays as it is, to be rejected."""
    decoder = json.JSONDecoder()
    with (
        path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as source,
        target.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as sink,
    ):
        for line in source:
            at = 0
            while at < len(line):
                at = _BETWEEN.match(line, at).end()  # type: ignore[union-attr]
                try:
                    end = decoder.raw_decode(line, at)[1] if at < len(line) else at
                except (ValueError, RecursionError):
                    end = len(line)
                if text := line[at:end].strip():
                    sink.write(f"{text}\n")
                at = end


def may_be_reshaped(head: bytes, size: int) -> bool:
    """Whether a document that is not JSON Lines may have another shape than a list of objects; of
    one of more than 16 MiB it is not asked.

    >>> may_be_reshaped(b'[[1, 2]]', 8), may_be_reshaped(b'[{"a": 1}]', 10)
    (True, False)
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    is_odd = text[:1] == b"{" or _LISTS.match(text) or _SEVERAL_LISTS.search(text)
    return bool(is_odd) and size <= MAX_BYTES


def reshape_document(path: Path) -> Reshaped | None:
    """Find rows in a document that is no list of objects; None where there are none."""
    try:
        text = path.read_bytes().decode("utf-8-sig").strip()
        values = list(_iterate_values(text))
    except (ValueError, RecursionError):
        return None
    if len(values) > 1 and all(isinstance(value, list) for value in values):
        if all(isinstance(row, dict) for value in values for row in value):
            rows = [row for value in values for row in value]
            return Reshaped(rows, f"rows are the elements of {len(values):,} arrays")
        return _read_arrays(values)
    if not values or (len(values) > 1 and any(isinstance(value, dict) for value in values)):
        return None
    value = values[0] if len(values) == 1 else values
    return _read_list(value) if isinstance(value, list) else _read_object(value)


def list_rows(reshaped: Reshaped) -> Iterator[bytes]:
    """Yield the rows as JSON Lines."""
    for row in reshaped.rows:
        yield write_json(row).encode(errors="surrogatepass") + b"\n"


def _iterate_values(text: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(parse_float=ExactNumber), 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        yield value
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]
        if text[at:].strip() in (";", ")", ");"):
            return


def _read_list(value: list[Any]) -> Reshaped | None:
    if not value or any(isinstance(one, dict) for one in value):
        return None
    if all(isinstance(one, list) for one in value):
        return _read_arrays(value)
    if any(isinstance(one, list) for one in value):
        return None
    return Reshaped([{"value": one} for one in value], "rows are the values of an array")


def _read_arrays(value: list[list[Any]]) -> Reshaped | None:
    width = max(map(len, value), default=0)
    if not width:
        return None
    first, *others = value
    if _is_header(first, others, width):
        told = "rows are arrays, the first of them the names"
        return Reshaped(list(_name_values(first, others)), told)
    names = [f"column_{at}" for at in range(1, width + 1)]
    return Reshaped(list(_name_values(names, value)), "rows are arrays without names")


def _is_header(first: list[Any], others: list[list[Any]], width: int) -> bool:
    is_names = all(type(one) is str and one.strip() for one in first)
    if not (is_names and others and len(set(first)) == len(first) == width):
        return False
    return any(
        type(one) is not str or one.strip().lstrip("-").replace(".", "", 1).isdigit()
        for row in others
        for one in row
        if one is not None
    )


def _name_values(names: Iterable[str], rows: Iterable[list[Any]]) -> Iterator[Row]:
    known = list(names)
    for row in rows:
        yield dict(zip(known, row, strict=False))


def _read_object(value: Any) -> Reshaped | None:
    if not isinstance(value, dict) or not value:
        return None
    columns, data = value.get("columns"), value.get("data")
    if isinstance(columns, list) and _are_rows(data, len(columns)):
        rows = list(_name_values(map(str, columns), data or []))
        return Reshaped(rows, "rows are the arrays of 'data', named by 'columns'")
    parts = list(value.values())
    if all(isinstance(part, dict) and part for part in parts):
        return _read_records(value)
    is_columns = all(isinstance(part, list) and len(part) == len(parts[0]) > 1 for part in parts)
    if not is_columns or len(parts) < 2:
        return None
    if any(isinstance(one, list | dict) for part in parts for one in part):
        return None
    rows = [dict(zip(value, row, strict=True)) for row in zip(*parts, strict=True)]
    return Reshaped(rows, "columns are the arrays of the document")


def _are_rows(data: Any, width: int) -> bool:
    is_list = isinstance(data, list) and bool(data)
    return is_list and all(isinstance(row, list) and len(row) == width for row in data)


def _read_records(value: dict[str, dict[str, Any]]) -> Reshaped | None:
    """Records under their keys; or columns, whose values stand under the numbers of their rows."""
    parts = list(value.values())
    numbers = {key for part in parts for key in part}
    if all(key.isdigit() for key in numbers) and all(len(part) == len(numbers) for part in parts):
        rows = [{name: part[key] for name, part in value.items()} for key in parts[0]]
        return Reshaped(rows, "columns are the objects of the document, with a value for each row")
    shared = set(parts[0]).intersection(*parts[1:])
    if len(parts) < _FEWEST_RECORDS or 2 * len(shared) < len(numbers):
        return None
    name = next(name for name in ("key", "_key", "__key") if name not in numbers)
    rows = [{name: key, **part} for key, part in value.items()]
    return Reshaped(rows, f"rows are the {len(rows):,} objects of the document, each with its key")
