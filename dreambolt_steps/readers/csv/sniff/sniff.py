"""Finds out how a UTF-8 file is written: dialect, where its table lies, how its lines end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.csv.scan.records import RecordSplitter
from dreambolt_steps.readers.csv.scan.region import Region
from dreambolt_steps.readers.csv.sniff.boundaries import Boundaries
from dreambolt_steps.readers.csv.sniff.choose import choose_dialect
from dreambolt_steps.readers.csv.sniff.dialect import Dialect, DialectOverrides
from dreambolt_steps.readers.csv.sniff.find_layout import find_layout
from dreambolt_steps.readers.csv.sniff.head import Head, read_head
from dreambolt_steps.readers.csv.sniff.layout import Layout
from dreambolt_steps.readers.csv.sniff.score import Score
from dreambolt_steps.readers.text import text_bytes

_HEAD_BYTES = 1 << 16
_TOLD_BYTES = 1 << 12
_ENOUGH_LINES = 40
_TAIL_BYTES = 1 << 12
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True)
class Detection:
    """How a file is written.

    Attributes:
        dialect: complete, but for the footer.
        layout: where the table lies.
        region: the table's rows.
        preamble: the lines before the header.
        evidence: why this dialect, in sentences.
    """

    dialect: Dialect
    layout: Layout
    region: Region
    preamble: tuple[str, ...]
    evidence: tuple[str, ...]


def detect(
    path: Path, overrides: DialectOverrides, *, encoding: str, mark: int, pad: bool
) -> Detection:
    """Find out how a file is written.

    Args:
        path: a UTF-8 file.
        overrides: what is known already.
        encoding: of the original file, for the dialect.
        mark: length of the byte order mark.
        pad: whether rows with too few fields are to be filled up.

    Raises: SourceError for a file of blank lines, or without a line end in 16 MiB.
    """
    size = path.stat().st_size
    least = _TOLD_BYTES if overrides.is_complete else _HEAD_BYTES
    head_lines = read_head(path, mark, size, overrides.quote, least, overrides.skip or 0)
    text = head_lines.text
    if not text.strip("\r\n"):
        raise SourceError(f"{path}: holds no rows, only blank lines; check the file")
    scores = choose_dialect(head_lines, overrides)
    form = scores[0].dialect
    if scores[0].width == 1 and overrides.delimiter is None:
        form = replace(form, delimiter="")
    layout = find_layout(head_lines, form, overrides)
    if layout is None:
        raise SourceError(f"{path}: holds no rows, only blank lines; check the file")
    dialect = replace(
        form,
        header=layout.header_rows > 0,
        skip=layout.skip,
        encoding=encoding,
        comment=layout.comment,
        header_rows=max(layout.header_rows, 1),
    )
    head = text[: layout.start]
    start = mark + len(text_bytes.encode(head))
    end = _find_end(path, start, size, overrides, one_column=layout.width == 1)
    preamble = _LINE_END.split(head)[: layout.skip]
    region = Region(
        start,
        end,
        lines_before=len(_LINE_END.findall(head)) + (head != "" and head[-1] not in "\r\n"),
        line_end=_find_line_end(head_lines, layout.start, form),
        odd_from=_find_odd_end(path, start, end, dialect, layout),
        copy=bool(overrides.footer) or _is_hard_to_skip(head, preamble, form),
        pad=pad or layout.ragged,
    )
    return Detection(dialect, layout, region, tuple(preamble), _tell_evidence(scores))


def _find_line_end(head: Head, start: int, form: Dialect) -> bytes:
    """Find how most records end."""
    counts: Counter[str] = Counter()
    text = head.text
    for record in head.list_records(RecordSplitter(form), start, _ENOUGH_LINES):
        counts[text[record.end : record.next]] += 1
    del counts[""]
    found = counts.most_common(1) or Counter(_LINE_END.findall(text)).most_common(1)
    return (found[0][0] if found else "\n").encode()


def _find_end(
    path: Path, start: int, size: int, overrides: DialectOverrides, *, one_column: bool
) -> int:
    """Find where rows end: before the footer that is known, and before blank lines at the end,
    which count for nothing (but DuckDB 2.0 makes rows of them in a table of one column)."""
    begin = max(start, size - _TAIL_BYTES)
    with path.open("rb") as handle:
        handle.seek(begin)
        tail = handle.read()
    for _ in range(overrides.footer or 0):
        body = tail.rstrip(b"\r\n")
        tail = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    if not one_column:
        body = tail.rstrip(b"\r\n")
        line_end = _LINE_END.match(text_bytes.decode(tail[len(body) :]))
        tail = body + (line_end[0].encode() if line_end and body else b"")
    return begin + len(tail)


def _find_odd_end(path: Path, start: int, end: int, dialect: Dialect, layout: Layout) -> int:
    """Find where rows begin that look well-formed but may be a footer; behind the end if there are
    none."""
    begin = max(start, end - _TAIL_BYTES)
    with path.open("rb") as handle:
        handle.seek(begin)
        tail = text_bytes.decode(handle.read(end - begin))
    splitter = RecordSplitter(dialect)
    first = 0
    if begin > start:
        line = _LINE_END.search(tail)
        first = line.end() if line else len(tail)
    boundaries, odd = Boundaries(layout, splitter), len(tail)
    for record in reversed(list(splitter.split(tail, first))):
        if not record.is_blank and not boundaries.may_be_footer(record):
            break
        odd = record.start
    return end + 1 if odd == len(tail) else begin + len(text_bytes.encode(tail[:odd]))


def _is_hard_to_skip(head: str, preamble: Sequence[str], form: Dialect) -> bool:
    """Whether the lines before the first row can't be skipped by number."""
    if not form.quote or form.quote not in head:
        return False
    return any(form.quote in line for line in preamble) or any(
        line.count(form.quote) % 2 for line in _LINE_END.split(head)
    )


def _tell_evidence(scores: Sequence[Score]) -> tuple[str, ...]:
    told = [f"{_tell_form(scores[0])} fits best: {_tell_score(scores[0])}"]
    seen = {scores[0].dialect.delimiter}
    others = [score for score in scores if score.dialect.delimiter not in seen]
    if others:
        next_best = max(others, key=lambda score: score.total)
        told.append(f"next is {_tell_form(next_best)}: {_tell_score(next_best)}")
    return tuple(told)


def _tell_form(score: Score) -> str:
    dialect = score.dialect
    return f"delimiter {dialect.delimiter!r}, quote {dialect.quote!r}"


def _tell_score(score: Score) -> str:
    columns = f"{score.width} columns" if score.width > 1 else "one column"
    return f"{columns}, {score.share:.0%} of the first records alike, score {score.total:.2f}"
