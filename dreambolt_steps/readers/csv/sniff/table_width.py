"""How wide the table is among the records of a text, and which records are beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from dreambolt_steps.readers.csv.scan.records import Record, RecordSplitter
from dreambolt_steps.readers.csv.sniff.header import strip_hash
from dreambolt_steps.readers.csv.sniff.value_kinds import find_kind

COMMENT_PREFIXES = ("#", "//", "--", "%", "!", ";", "*")
_SHORTEST_TABLE = 3
_RAGGED_SHARE = 0.8
_DIVIDERS = (",", ";", "\t", "|", "  ")
_SAMPLE = 1 << 16
_SAMPLED_LINES = 200


def drop_comments(text: str, rows: Sequence[Record]) -> list[Record]:
    """Leave out the lines that begin like comments, as long as rows of another width are left:
    what is as wide as a row may be one, or the header."""
    for prefix in COMMENT_PREFIXES:
        others = [row for row in rows if not text.startswith(prefix, row.start)]
        if 0 < len(others) < len(rows):
            width, _ = find_width([row.fields for row in others])
            is_above = rows[0] is not others[0]
            if width > 1 and is_above and not _has_no_header([row.fields for row in others]):
                return others
            if width > 1:
                return [
                    row
                    for row in rows
                    if not text.startswith(prefix, row.start)
                    or (len(row.fields) == width and _may_be_names(row.fields))
                ]
    return list(rows)


def list_table(rows: Sequence[Record], width: int, ragged: bool) -> list[list[str]]:
    """List the rows of the table's width, and shorter ones filled up where those are rows."""
    return [
        row.fields + [""] * (width - len(row.fields))
        for row in rows
        if len(row.fields) == width or (ragged and len(row.fields) < width)
    ]


def read_hash_names(
    text: str, records: Sequence[Record], first: Record, splitter: RecordSplitter, width: int
) -> tuple[list[str], int]:
    """Read the names of the columns where a comment right above the first row holds them.

    Returns: the names and where the comment begins; nothing where there is none with as many.
    """
    above = [record for record in records if record.start < first.start]
    if above and text.startswith("#", above[-1].start):
        line = text[above[-1].start : above[-1].end]
        names = splitter.split_line(strip_hash(line))
        if len(names) == width and len(set(names)) == width:
            return names, above[-1].start
    return [], 0


def _may_be_names(fields: Sequence[str]) -> bool:
    """Whether a comment as wide as a row may be one: of two fields only if they are words."""
    names = [strip_hash(fields[0]), *fields[1:]]
    return len(names) > 2 or all(len(name.split()) <= 1 for name in names)


def find_width(rows: Sequence[Sequence[str]]) -> tuple[int, float]:
    """Find how wide the first table is, and the share of the records that lie in tables.

    A table is a run of three records or more of one width; of two columns only if the run is not
    short beside others, and no block of "name, value" lines before a table with a header. Where
    there is no run, the commonest width counts, or that of the header where rows leave out their
    last fields.
    """
    widths = [len(row) for row in rows]
    runs: list[_Run] = []
    first = 0
    for width, group in groupby(widths):
        length = len(list(group))
        if runs and runs[-1].width == width:
            runs[-1].length += length
        elif width > 1 and length >= _SHORTEST_TABLE:
            runs.append(_Run(width, length, first))
        first += length
    if leaves_out_last(rows):
        return widths[0], _RAGGED_SHARE
    counts = Counter(widths)
    commonest = max(
        counts,
        key=lambda width: (counts[width] * (1 - 0.8 / width), width == widths[0], width),
    )
    if counts[widths[0]] >= (0.8 if widths[0] > 1 else 1) * counts[commonest]:
        commonest = widths[0]
    longest = max((run.length for run in runs), default=0)
    for index, run in enumerate(runs):
        width, length = run.width, run.length
        is_long = length >= 0.2 * longest and (width > 2 or length >= 0.5 * longest)
        if is_long and not _is_key_value(rows, run, runs[index + 1 :]):
            share = sum(counts[width] for width in {run.width for run in runs}) / len(widths)
            return width, max(share - 0.02 * (len(runs) - 1), counts[width] / len(widths))
    return commonest, counts[commonest] / len(widths)


def leaves_out_last(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row names the columns, and most rows leave out empty fields at their
    end, so that they have many widths."""
    widths = [len(row) for row in rows]
    width = widths[0]
    if not 2 < width == max(widths) or min(widths) < 2 or len(rows) <= _SHORTEST_TABLE:
        return False
    names = [name.strip() for name in rows[0]]
    if len(set(names)) < width or not all(find_kind(n) == "text" or n.isalnum() for n in names):
        return False
    short = Counter(widths[1:])
    return len(short) > 2 and short.most_common(1)[0][1] <= 0.5 * len(widths)


@dataclass
class _Run:
    """Records of one width in a row."""

    width: int
    length: int
    first: int


def _is_key_value(rows: Sequence[Sequence[str]], run: _Run, later: Sequence[_Run]) -> bool:
    """Whether a run is a block of "name, value" lines, and a wider table with a header comes."""
    block = [_strip_end(row) for row in rows[run.first : run.first + run.length]]
    if max(map(len, block)) > 2:
        return False
    least = (0.25 if _has_no_header(block) else 2) * 2 * run.length
    return any(
        other.width > max(run.width, 2)
        and other.width * other.length >= least
        and not _has_no_header(rows[other.first : other.first + other.length])
        for other in later
    )


def _strip_end(row: Sequence[str]) -> list[str]:
    cells = list(row)
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def _has_no_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether no column of values stands below a word."""
    columns = list(zip(*rows[1:], strict=False))
    for name, values in zip(rows[0], columns, strict=False):
        kinds = [kind for value in values if (kind := find_kind(value))]
        typed = sum(kind != "text" for kind in kinds)
        if kinds and typed >= 0.9 * len(kinds) and find_kind(name) == "text":
            return False
    return True


def may_be_divided(text: str) -> bool:
    """Tell whether many of the first lines hold what divides fields elsewhere."""
    lines = text[:_SAMPLE].splitlines()[:_SAMPLED_LINES]
    return sum(any(one in line for one in _DIVIDERS) for line in lines) >= 0.2 * max(len(lines), 1)
