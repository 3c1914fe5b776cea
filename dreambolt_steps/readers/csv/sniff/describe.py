"""Tells what was found in a file, and what was done about it, in plain sentences."""

from __future__ import annotations

from pathlib import Path

from dreambolt_steps.readers.csv.scan.scan_result import Screening, Tally
from dreambolt_steps.readers.csv.sniff.sniff import Detection
from dreambolt_steps.readers.text.encoding import TextEncoding
from dreambolt_steps.readers.text.line_numbers import find_lines


def tell_findings(
    path: Path, encoding: TextEncoding, detection: Detection, found: Screening
) -> tuple[str, ...]:
    """Tell everything out of the ordinary.

    Args:
        path: the UTF-8 file that was walked over.
        encoding: of the original.
        detection: how it is written.
        found: beside its rows.
    """
    layout = detection.layout
    told = []
    if encoding.bad_bytes:
        name = encoding.name.upper()
        told.append(
            f"rows with bytes that are not {name} are rejected; the rest of the file is {name}"
        )
    if encoding.confidence < 1 and not encoding.is_utf8:
        told.append(f"encoding {encoding.name} is a guess, {encoding.confidence:.0%} sure")
    if layout.skip:
        told.append(f"{_count(layout.skip, 'line')} before the table left out")
    if not layout.header_rows:
        told.append("no header: columns are named by their place")
    elif layout.header_rows > 1:
        told.append(f"{layout.header_rows} header rows joined to one name each")
    told += layout.notes
    lines = _find_lines_of(path, found)
    for what, tally in found.repairs.items():
        told.append(f"{_count(tally.count, 'row')} repaired ({_place(tally, lines)}): {what}")
    if found.comments.count:
        told.append(
            f"{_count(found.comments.count, 'comment line')} left out "
            f"({_place(found.comments, lines)})"
        )
    if found.headers.count:
        repeated = _count(found.headers.count, "repeated header")
        told.append(f"{repeated} left out ({_place(found.headers, lines)})")
    if found.blanks.count and layout.width == 1:
        told.append(
            f"{_count(found.blanks.count, 'blank line')} left out ({_place(found.blanks, lines)})"
        )
    if found.footer:
        line = lines[found.footer_offset]
        told.append(f"{_count(len(found.footer), 'footer line')} left out (line {line})")
    for table in found.tables:
        first = lines[table.offset]
        last = lines[table.end] - (table.end < path.stat().st_size or _ends_with_line(path))
        told.append(
            f"another table left out: lines {first} to {last}, "
            f"{_count(table.width, 'column')}; skip={first - 1} reads it"
        )
    return tuple(told)


def _find_lines_of(path: Path, found: Screening) -> dict[int, int]:
    tallies = [*found.repairs.values(), found.comments, found.blanks, found.headers]
    places = {tally.first for tally in tallies if tally.count}
    places |= {place for table in found.tables for place in (table.offset, table.end)}
    if found.footer:
        places.add(found.footer_offset)
    ordered = sorted(places)
    return dict(zip(ordered, find_lines(path, ordered), strict=True))


def _ends_with_line(path: Path) -> bool:
    with path.open("rb") as handle:
        handle.seek(-1, 2)
        return handle.read() in (b"\n", b"\r")


def _place(tally: Tally, lines: dict[int, int]) -> str:
    line = lines[tally.first]
    return f"line {line}" if tally.count == 1 else f"first in line {line}"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
