"""Finds where in a file the table lies: what stands before it, its header rows, its width."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from dreambolt_steps.readers.csv.scan.records import Quoting, Record, RecordSplitter
from dreambolt_steps.readers.csv.scan.repair import RowRepairer
from dreambolt_steps.readers.csv.sniff.dialect import Dialect, DialectOverrides
from dreambolt_steps.readers.csv.sniff.head import Head
from dreambolt_steps.readers.csv.sniff.header import (
    count_header_rows,
    fit_names,
    join_names,
    strip_hash,
)
from dreambolt_steps.readers.csv.sniff.layout import Layout
from dreambolt_steps.readers.csv.sniff.table_width import (
    COMMENT_PREFIXES,
    drop_comments,
    find_width,
    leaves_out_last,
    list_table,
    may_be_divided,
    read_hash_names,
)
from dreambolt_steps.readers.csv.sniff.value_kinds import find_kind, fits_profile, profile_columns
from dreambolt_steps.readers.text.line_numbers import count_line_ends, pass_lines

_ONE_COLUMN = "read as one column, for no delimiter divides its lines alike; delimiter names one"
_HASH = "the '#' before the header's names is left out"
_PROFILED_ROWS = 200
_MOST_RECORDS = 2000


def find_layout(head: Head, dialect: Dialect, overrides: DialectOverrides) -> Layout | None:
    """Find the first table in the head of a file, or None where there are only blank lines.

    Args:
        head: of the file.
        dialect: delimiter, quote and escape.
        overrides: what is known already.
    """
    text = head.text
    begin = pass_lines(text, overrides.skip or 0)
    splitter = RecordSplitter(dialect)
    records = [r for r in head.list_records(splitter, begin, _MOST_RECORDS) if not r.is_blank]
    if not records:
        return None
    comment = _find_comment(text, records, overrides)
    rows = [record for record in records if not _is_comment(text, record, comment)]
    kept = drop_comments(text, rows or records)
    above = [record for record in records if record.start < kept[0].start]
    count = len(kept[0].fields)
    named, _ = read_hash_names(text, above, kept[0], splitter, count)
    if overrides.skip is None or not above or (named and len(above) == 1):
        rows = kept  # where lines to skip are told, only names may stand above the first row
    rows = rows or records
    fields = [row.fields for row in rows]
    width, _ = find_width(fields)
    ragged = leaves_out_last(fields)
    table = list_table(rows, width, ragged)
    profile = profile_columns(table[len(table) // 4 : _PROFILED_ROWS], width)
    repairer = RowRepairer(dialect, width, profile)
    first = 0 if overrides.skip is not None else _find_first(text, rows, width, profile, repairer)
    skipped = rows[first].start if overrides.skip is None else begin
    named, place = read_hash_names(text, records, rows[first], splitter, width)
    if named and overrides.header is not False and not count_header_rows(table, width):
        header, notes, start = [named], [_HASH], rows[first].start
        skipped = place if overrides.skip is None else begin
    else:
        header, notes, start = _read_header(
            text, rows[first:], width, repairer, overrides, ragged=ragged
        )
    below = [r for r in head.list_records(splitter, start, _PROFILED_ROWS) if not r.is_blank]
    table = list_table(below, width, ragged)
    profile = profile_columns(table, width)
    names = join_names(header, max(map(len, header))) if header else []
    trailing = _ends_with_delimiter(below, width, len(names))
    columns = width - trailing
    if header and len(names) != columns:
        uniform = len(table) >= (0.9 if overrides.header else 0.6) * max(len(below), 1)
        full = all(map(str.strip, names))
        told = f"the header has {len(names)} names where rows have {columns} fields"
        if not uniform or (len(names) > columns == 1):
            columns = width = len(names)  # then rows are ragged, not the table
            table = [row.fields for row in below if len(row.fields) == width]
            profile = profile_columns(table, width)
        elif len(names) > columns and full:
            columns = len(names)
            notes.append(f"{told}: every row lacks the last ones")
        else:
            names = fit_names(names, columns, table[:50])
            notes.append(f"{told}: names may be shifted")
    if width == 1 and overrides.delimiter is None and may_be_divided(text[start:]):
        notes.append(_ONE_COLUMN)
    if trailing:
        notes.append("every row ends with a delimiter, which begins no column")
    return Layout(
        skip=count_line_ends(text[:skipped].encode()),
        header_rows=len(header),
        names=tuple(names or [""] * columns),
        header_line=text[skipped:start].strip("\r\n") if len(header) == 1 else "",
        start=start,
        width=width,
        trailing=trailing,
        comment=comment,
        multiline=any("\n" in cell or "\r" in cell for row in table for cell in row),
        profile=tuple(profile),
        notes=tuple(notes),
        ragged=ragged and len(header) == 1,
    )


def _is_comment(text: str, record: Record, comment: str) -> bool:
    return bool(comment) and text.startswith(comment, record.start)


def _find_comment(text: str, records: Sequence[Record], overrides: DialectOverrides) -> str:
    """Find what comment lines begin with: lines among the rows that have not a row's width."""
    if overrides.comment is not None:
        return overrides.comment
    for prefix in COMMENT_PREFIXES:
        marked = [index for index, r in enumerate(records) if text.startswith(prefix, r.start)]
        rows = [r for r in records if not text.startswith(prefix, r.start)]
        if not marked or len(rows) < len(marked) or len(rows) < 2:
            continue
        width, share = find_width([r.fields for r in rows])
        inside = [records[index] for index in marked if records[index].start > rows[0].start]
        if inside and width > 1 and share > 0.5 and all(len(r.fields) != width for r in inside):
            return prefix
    return ""


def _find_first(
    text: str,
    rows: Sequence[Record],
    width: int,
    profile: Sequence[str],
    repairer: RowRepairer,
) -> int:
    """Find the row with which the table begins: the header, or the first row."""
    if width == 1:
        return 0
    table = [row.fields for row in rows if len(row.fields) == width]
    filled = sum(not _is_title(fields) for fields in table) > 0.6 * len(table)
    first = next(
        (
            index
            for index, row in enumerate(rows)
            if len(row.fields) == width and not (filled and _is_title(row.fields))
        ),
        0,
    )
    if first == 0 or rows[first - 1].next != rows[first].start:
        return first
    record, repair = repairer.settle(text, rows[first - 1], header=True)
    names = [cell or "" for cell in repair.cells] if repair else record.fields
    if not all(find_kind(name) in ("", "text") or "code" in find_kind(name) for name in names):
        return first
    is_data = bool(fits_profile(rows[first].fields, profile))
    near = len(names) >= max(2, width / 2)
    return first - 1 if is_data and near and not _is_title(names) else first


def _is_title(fields: Sequence[str]) -> bool:
    """Whether nothing, or only the first cell of several, holds text."""
    return len(fields) > 1 and not any(map(str.strip, fields[1:]))


def _read_header(
    text: str,
    rows: Sequence[Record],
    width: int,
    repairer: RowRepairer,
    overrides: DialectOverrides,
    *,
    ragged: bool,
) -> tuple[list[list[str]], list[str], int]:
    """Read the rows of names; return them, what was repaired in them, and where they end."""
    if overrides.header is False or not rows:
        return [], [], rows[0].start if rows else len(text)
    notes: list[str] = []
    record, names = rows[0], rows[0].fields
    if record.quoting is not Quoting.SOUND or len(names) != width:
        record, repair = repairer.settle(text, record, header=True)
        if repair:
            names = [cell or "" for cell in repair.cells]
            notes.append(f"the header was repaired: {repair.what}")
    alike = list(takewhile(lambda row: len(row.fields) == width, rows[1:]))
    if overrides.header_rows is not None:
        count = overrides.header_rows
    elif len(names) == width:
        table = [row.fields for row in rows[1:_PROFILED_ROWS] if len(row.fields) == width]
        count = min(count_header_rows([names, *table], width), 1 + len(alike))
        count = max(count, int(ragged))
    else:
        count = int(not any(find_kind(name) not in ("", "text") for name in names))
    count = max(count, 1) if overrides.header else count
    if not count:
        return [], [], rows[0].start
    if strip_hash(names[0]) != names[0] and not any(
        row.fields[0].startswith("#") for row in rows[count : count + 5]
    ):
        names = [strip_hash(names[0]), *names[1:]]
        notes.append(_HASH)
    end = rows[count - 1].next if count > 1 else record.next
    return [names, *(row.fields for row in rows[1:count])], notes, end


def _ends_with_delimiter(rows: Sequence[Record], width: int, names: int) -> bool:
    """Whether rows have one field more than the header, and it is always empty."""
    if names != width - 1 or not rows:
        return False
    return not any(row.fields[-1] for row in rows if len(row.fields) == width)
