"""What JSON Lines hold, looked at from the first line to the last: the type of the rows, and which
blocks only the exact parser reads right."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.json.blocks import Block, iterate_blocks, look_at_block
from dreambolt_steps.readers.json.exact_parser import ExactParser, infer_type
from dreambolt_steps.readers.json.numbers import find_long_numbers
from dreambolt_steps.readers.json.types import (
    MAX_COLUMNS,
    JsonType,
    Place,
    find_leaves,
    limit_type,
    merge_types,
    parse_structure,
    suits_duckdb,
    write_json_path,
)
from dreambolt_steps.tables.sql import open_cursor, quote_literal

_SCHEMA = pa.schema([("block", pa.int32()), ("text", pa.string())])
# TRY makes NULL of an error; a block that is no JSON is looked at line by line.
_QUERY = "select block, try(json_structure(text)), try(json_array_length(text)) from blocks"


@dataclass(frozen=True)
class Span:
    """A block that was looked at.

    Attributes:
        offset: where it begins in the file, in bytes.
        size: its bytes.
        rows: its lines that are not blank.
        is_sound: whether DuckDB reads all of it right, repeated keys apart.
        is_too_long: whether it is the beginning of a line that is too long to be read.
    """

    offset: int
    size: int
    rows: int
    is_sound: bool
    is_too_long: bool = False


@dataclass(frozen=True)
class Survey:
    """What a file holds.

    Attributes:
        kind: type of the rows, which are objects.
        spans: the file's blocks, in order.
        longest: bytes of the longest block: no line is longer.
    """

    kind: dict[str, JsonType]
    spans: list[Span]
    longest: int


@dataclass
class _Seen:
    """A block: its span, the type of its rows, how many of them are good, and whether it has
    integers that a float64 may not hold."""

    span: Span
    has_wide: bool
    kind: JsonType = None
    good: int = 0

    def look_closely(self, block: Block) -> None:
        """Find type and count by parsing the rows; lines that are no objects do not count."""
        self.kind, self.good = None, 0
        parser = ExactParser()
        for offset, line in block.iterate_lines() if not block.is_too_long else ():
            value, _ = parser.parse(offset, line)
            if value is not None:
                self.kind = merge_types(self.kind, infer_type(value))
                self.good += 1


def survey_lines(path: Path, limit: int | None = None) -> Survey:
    """Look at all lines of a file, or at least at the first `limit` that are rows.

    DuckDB tells the structure of whole blocks. Where it can't tell enough, the lines are parsed one
    by one: where a block is no JSON, where numbers are longer than it keeps, where the same key
    has values of several kinds.

    Raises: SourceError for more than 20,000 keys.
    """
    seen = _look_at_blocks(path, limit)
    if limit is not None and sum(one.good for one in seen) < limit:
        seen = _look_at_blocks(path, None)  # more lines were no rows than it seemed
    total = _merge(seen)
    floats = {place for place, _ in find_leaves(total, {"float"})}
    for one in seen if floats else ():
        if one.has_wide and _may_mix(path, one, floats):
            one.look_closely(_load(path, one.span))
            total = None
    total = limit_type(_merge(seen) if total is None else total)
    if len(total) > MAX_COLUMNS:
        raise SourceError(
            f"{path}: its objects have {len(total):,} different keys, more than {MAX_COLUMNS:,}: "
            "they look like data, not like names of columns"
        )
    spans = [one.span for one in seen]
    if not suits_duckdb(total):
        spans = [replace(span, is_sound=False) for span in spans]
    return Survey(total, spans, max((span.size for span in spans), default=0))


def _look_at_blocks(path: Path, limit: int | None) -> list[_Seen]:
    seen: list[_Seen] = []
    blocks: dict[int, Block] = {}  # those that DuckDB has not told of yet
    kinds: dict[str, JsonType] = {}

    def feed() -> Iterator[pa.RecordBatch]:
        rows = 0
        for number, block in enumerate(iterate_blocks(path)):
            has_wide, has_exact = find_long_numbers(block.text)
            is_sound = block.is_plain and not has_exact and not block.is_too_long
            size = len(block.text)
            span = Span(block.offset, size, block.rows, is_sound, block.is_too_long)
            one = _Seen(span, has_wide, good=block.rows)
            seen.append(one)
            if is_sound:
                blocks[number] = block
                yield _make_batch(number, block)
            else:
                one.look_closely(block)
            rows += one.good
            if limit is not None and rows >= limit:
                return

    reader = pa.RecordBatchReader.from_batches(_SCHEMA, feed())
    with open_cursor() as cursor:
        cursor.register("blocks", reader)
        for number, structure, length in _fetch(cursor):
            block, one = blocks.pop(number), seen[number]
            if structure is not None and length == block.rows:
                if structure not in kinds:
                    kinds[structure] = parse_structure(json.loads(structure))[0]
                one.kind = kinds[structure]
            if not isinstance(one.kind, dict):
                one.span = replace(one.span, is_sound=False)
                one.look_closely(block)
            elif any(find_leaves(one.kind, {"mixed"})):
                one.look_closely(block)
    return seen


def _may_mix(path: Path, one: _Seen, floats: set[Place]) -> bool:
    """Tell whether a block with wide integers may have one where floats are: DuckDB's structure
    tells neither how wide integers are nor whether floats are integers."""
    if any(place in floats for place, _ in find_leaves(one.kind, {"integer"})):
        return True
    own = [place for place, _ in find_leaves(one.kind, {"float"})]
    paths = [write_json_path(place) for place in own]
    if None in paths:
        return True
    text = _load(path, one.span).join_lines().decode()
    asked = ", ".join(f"json_type($text, {quote_literal(str(path))})" for path in paths)
    with open_cursor() as cursor:
        found = cursor.execute(f"select {asked}", {"text": text}).fetchone() if own else ()
    return any(kind.endswith("BIGINT") for kinds in found or () for kind in kinds)


def _load(path: Path, span: Span) -> Block:
    with path.open("rb") as handle:
        handle.seek(span.offset)
        return look_at_block(handle.read(span.size), span.offset)


def _merge(seen: Sequence[_Seen]) -> JsonType:
    total: JsonType = {}
    for one in seen:
        total = merge_types(total, one.kind)
    return total


def _fetch(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str | None, int | None]]:
    result = cursor.execute(_QUERY)
    while row := result.fetchone():
        yield row


def _make_batch(number: int, block: Block) -> pa.RecordBatch:
    text = block.join_lines()
    offsets = pa.py_buffer(np.array([0, len(text)], np.int32))
    array = pa.StringArray.from_buffers(1, offsets, pa.py_buffer(text))
    return pa.RecordBatch.from_arrays([pa.array([number], pa.int32()), array], schema=_SCHEMA)
