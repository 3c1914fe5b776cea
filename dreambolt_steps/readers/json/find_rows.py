"""Where in a JSON file its rows are: lines, the elements of an array, or the document itself."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambolt_steps.errors import SourceError, UnknownNameError, UsageError
from dreambolt_steps.unknown_names import tell_known

_HEAD_BYTES = 4 << 20
_LOOKED_LINES = 20
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\]:,]|[^\s"{}\[\]:,]+', re.DOTALL)
ROOT = "."


@dataclass(frozen=True)
class Records:
    """The rows of a document.

    Attributes:
        path: keys that lead to the array, () for the document itself.
        start: byte offset behind its bracket, or of the first object.
        in_array: whether they are an array's elements.
        outside: keys of the document that are not read.
    """

    path: tuple[str, ...]
    start: int
    in_array: bool
    outside: tuple[str, ...] = ()


@dataclass
class _Array:
    path: tuple[str, ...]
    start: int
    end: int


def has_lines(head: bytes, *, is_cut: bool, is_named: bool) -> bool:
    """Tell JSON Lines from one document, by the first 20 lines.

    Args:
        head: the file's first bytes.
        is_cut: whether there are more.
        is_named: whether the file calls itself JSON Lines: then one line that is an object is
            enough, or that it begins with neither bracket.
    """
    lines = [line for line in head.split(b"\n")[: _LOOKED_LINES + 1] if line.strip()]
    if is_cut and len(lines) > 1:
        lines = lines[:-1]
    whole = [_is_object(line) for line in lines]
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if is_named:
        return (
            len(lines) > 1 and _is_json(lines[0]) if first == b"[" else first != b"{" or any(whole)
        )
    most = whole[0] or 2 * sum(whole) > len(whole)
    return most and any(whole) and (len(lines) > 1 or is_cut)


def find_records(path: Path, record: str | None) -> Records:
    """Find the rows of a document: those of the array that is named; else the document's own
    elements if it is an array; else those of the largest array of objects within it; else the
    document is the one row.

    Args:
        path: a UTF-8 JSON file that is not empty.
        record: keys that lead to an array, such as "data.items"; "." is the document itself.

    Raises: SourceError when there is no such array, or neither object nor array.
    """
    with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as text:
        first = _TOKEN.search(text, 3 if text[:3] == b"\xef\xbb\xbf" else 0)
        if first is None or first[0] not in (b"{", b"["):
            raise SourceError(f"{path}: is no JSON object or array")
        begin = first.start()
        if first[0] == b"[":
            if record not in (None, ROOT):
                raise UsageError(f"{path}: is an array by itself, without a record {record!r}")
            return Records((), begin + 1, in_array=True)
        if record == ROOT:
            return Records((), begin, in_array=False)
        wanted = tuple(record.split(".")) if record else None
        keys: dict[str, None] = {}
        arrays = list(_find_arrays(text, begin, keys, None if wanted else begin + _HEAD_BYTES))
        if wanted:
            arrays = [one for one in arrays if one.path == wanted]
            if not arrays:
                raise UnknownNameError(
                    f"{path}: has no array {record!r} among its keys; {tell_known(record, keys)}"
                )
    if not arrays:
        return Records((), begin, in_array=False)
    best = max(arrays, key=lambda one: one.end - one.start)
    outside = tuple(key for key in keys if key != best.path[0])
    return Records(best.path, best.start, in_array=True, outside=outside)


def _find_arrays(
    text: Any, begin: int, keys: dict[str, None], stop: int | None
) -> Iterator[_Array]:
    """Yield the arrays whose first element is an object and that lie in objects only; note the
    document's own keys."""
    stack: list[str] = []  # of "{" and "["
    path: list[str] = []  # the key of each "{" that is open
    found: _Array | None = None
    found_depth = 0
    string = before = b""
    for token in _TOKEN.finditer(text, begin, len(text) if stop is None else min(stop, len(text))):
        word = token[0]
        if word == b"{":
            if before == b"[" and found is None and "[" not in stack[:-1]:
                found, found_depth = _Array(tuple(path), token.start(), token.start()), len(stack)
            if found is None and "[" not in stack:
                path.append("")
            stack.append("{")
        elif word == b"[":
            stack.append("[")
        elif word in (b"}", b"]"):
            if not stack:
                return
            stack.pop()
            if found is not None and len(stack) < found_depth:
                found.end = token.start()
                yield found
                found = None
            elif found is None and word == b"}" and path and "[" not in stack:
                path.pop()
            if not stack:
                return
        elif word == b":" and found is None and path and stack[-1] == "{" and "[" not in stack:
            path[-1] = _read_key(string)
            if len(path) == 1:
                keys[path[0]] = None
        elif word[:1] == b'"':
            string = word
        before = word
    if found is not None:  # cut off, or broken
        found.end = len(text)
        yield found


def _read_key(text: bytes) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text.decode(errors="replace")


def _is_object(line: bytes) -> bool:
    return line.lstrip(b"\xef\xbb\xbf \t\r")[:1] == b"{" and _is_json(line)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
