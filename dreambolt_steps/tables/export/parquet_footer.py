"""Footers of Parquet files of one row group each, made one of a file that holds all the groups.

A footer is a `FileMetaData` in Thrift's compact protocol, of which the few numbers are changed that
say where things are; every other byte stays as pyarrow wrote it. Field numbers are of
parquet.thrift (https://github.com/apache/parquet-format), the encoding of
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dreambolt_steps.errors import ExportError

MAGIC = b"PAR1"
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_NUMBERS = (4, 5, 6)  # of 16, 32 and 64 bits, all written in the same way

# Fields by their numbers, from the footer inwards.
_ROWS, _GROUPS = (3,), (4,)
_ORDINAL = (4, 7)
_OFFSETS = {(4, 5), (4, 1, 2), (4, 1, 3, 9), (4, 1, 3, 10), (4, 1, 3, 11)}
_ELSEWHERE = {(4, 1, 4), (4, 1, 6), (4, 1, 3, 14)}  # offsets of page indexes and Bloom filters


class _Field(NamedTuple):
    """A number or a list of a footer: the fields on the way to it, and where its bytes are."""

    path: tuple[int, ...]
    start: int
    stop: int


def join_footers(footers: Sequence[bytes], sizes: Sequence[int]) -> bytes:
    """The footer of a file that holds the row groups of several, one after the other.

    Args:
        footers: of files of one row group each, with equal schemas, settings and metadata.
        sizes: bytes of each row group.

    Raises: ExportError for a footer with parts that are not known here.
    """
    first = footers[0]
    fields = {field.path: field for field in _list_fields(first)}
    rows, groups = fields[_ROWS], fields[_GROUPS]
    total, distance = 0, 0
    moved = []
    for number, (footer, size) in enumerate(zip(footers, sizes, strict=True)):
        count, group = _move_group(footer, number, distance)
        moved.append(group)
        total += count
        distance += size
    short = len(moved) < 15
    head = bytes([(len(moved) if short else 15) << 4 | _STRUCT])
    parts = [first[: rows.start], _write_number(total), first[rows.stop : groups.start], head]
    parts += [] if short else [_write_varint(len(moved))]
    return b"".join([*parts, *moved, first[groups.stop :]])


def _move_group(footer: bytes, number: int, distance: int) -> tuple[int, bytes]:
    """Rows of the one row group of a footer, and what is written of that group when it is the
    `number`th, and so many bytes further on."""
    fields = _list_fields(footer)
    (groups,) = (field for field in fields if field.path == _GROUPS)
    (rows,) = (field for field in fields if field.path == _ROWS)
    if footer[groups.start] != 1 << 4 | _STRUCT or _ELSEWHERE & {field.path for field in fields}:
        raise ExportError(
            "a row group can't be put into its file: pyarrow wrote it with an index or a filter; "
            "run the step without --engine"
        )
    pieces, at = [], groups.start + 1
    for field in fields:
        if field.path == _ORDINAL:
            changed = number
        elif field.path in _OFFSETS:
            found = _read_number(footer, field.start)
            changed = found + distance if found else 0  # 0: not told
        else:
            continue
        pieces += [footer[at : field.start], _write_number(changed)]
        at = field.stop
    return _read_number(footer, rows.start), b"".join([*pieces, footer[at : groups.stop]])


def _list_fields(footer: bytes) -> list[_Field]:
    """Every number and list of a footer, in the order of their bytes; a list after what is in
    it."""
    found: list[_Field] = []
    _skip_struct(footer, 0, (), found)
    return sorted(found, key=lambda field: field.start)


def _skip_struct(data: bytes, at: int, path: tuple[int, ...], found: list[_Field]) -> int:
    number = 0
    while data[at]:
        kind, step = data[at] & 15, data[at] >> 4
        at += 1
        if step:
            number += step
        else:
            number, at = _read_number(data, at), _skip_varint(data, at)
        at = _skip_value(data, at, kind, (*path, number), found)
    return at + 1


def _skip_value(data: bytes, at: int, kind: int, path: tuple[int, ...], found: list[_Field]) -> int:
    start = at
    if kind == _STRUCT:
        return _skip_struct(data, at, path, found)
    if kind in (_LIST, _SET):
        size, inner = data[at] >> 4, data[at] & 15
        at += 1
        if size == 15:
            size, at = _read_varint(data, at), _skip_varint(data, at)
        for _ in range(size):
            at = at + 1 if inner == _TRUE else _skip_value(data, at, inner, path, found)
    elif kind in _NUMBERS:
        at = _skip_varint(data, at)
    elif kind == _BINARY:
        size, at = _read_varint(data, at), _skip_varint(data, at)
        return at + size
    else:
        return at + {_TRUE: 0, _FALSE: 0, _BYTE: 1, _DOUBLE: 8}[kind]
    found.append(_Field(path, start, at))
    return at


def _skip_varint(data: bytes, at: int) -> int:
    while data[at] & 128:
        at += 1
    return at + 1


def _read_varint(data: bytes, at: int) -> int:
    value, shift = 0, 0
    while data[at] & 128:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
    return value | data[at] << shift


def _read_number(data: bytes, at: int) -> int:
    value = _read_varint(data, at)
    return value >> 1 ^ -(value & 1)


def _write_varint(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    written.append(value)
    return bytes(written)


def _write_number(value: int) -> bytes:
    """A number that is not negative."""
    return _write_varint(value << 1)
