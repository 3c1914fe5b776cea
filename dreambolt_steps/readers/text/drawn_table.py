"""Tables laid out for the eye: lines drawn around cells, columns aligned by blanks, each line
within quotes. They are rewritten line by line, before anything else is found out."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dreambolt_steps.readers.text import text_bytes

_FEW_LINES = 60
_HEAD_BYTES = 1 << 14
_RULED = frozenset("+-=:_─━═┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬╪╞╡ \t")
_RULED_CELL = re.compile(r" *:?[-=─━═]{3,}:? *")
_BAR = re.compile(r"[|│┃║]")
_ONE_GAP = re.compile(r"\S* +|( +\S*)")
_GAP = re.compile(r" {2,}")
_DELIMITERS = ",;\t|"

Rewrite = Callable[[str], str]


@dataclass(frozen=True)
class DrawnTable:
    """How a table is laid out.

    Attributes:
        rewrite: makes a line of delimited text of one of its lines.
        delimiter: with which it is rewritten; "" if there is one already.
        told: what is done about it, in words.
    """

    rewrite: Rewrite
    delimiter: str
    told: str


def find_drawn_table(text: str) -> DrawnTable | None:
    """Find out whether the lines of a file's head are laid out for the eye.

    >>> found = find_drawn_table("+---+----+\\n| a | b  |\\n+---+----+\\n| 1 | xy |\\n")
    >>> found and [found.rewrite(line) for line in ("+---+----+", "| 1 | xy |")]
    ['', '1|xy']
    """
    lines = [line for line in re.split(r"\r\n?|\n", text) if line.strip()]
    return _find_quoted_lines(lines) or _find_bars(lines) or _find_aligned(lines)


def read_drawn_table(path: Path, mark: int, delimiter: str | None) -> DrawnTable | None:
    """Find out how a UTF-8 file is laid out.

    Args:
        mark: length of its byte order mark.
        delimiter: which the caller knows; another one than that of the rewritten lines says no.
    """
    with path.open("rb") as handle:
        handle.seek(mark)
        head = handle.read(_HEAD_BYTES)
        if handle.read(1):
            head = head[: head.rfind(b"\n") + 1]
    found = find_drawn_table(text_bytes.decode(head))
    if found and found.delimiter and delimiter not in (None, found.delimiter):
        return None
    return found


def rewrite_lines(path: Path, mark: int, table: DrawnTable, target: Path) -> None:
    """Write every line of a UTF-8 file to `target` as delimited text; as many lines as before."""
    with path.open("rb") as source, target.open("wb") as sink:
        source.seek(mark)
        for line in source:
            body = line.rstrip(b"\r\n")
            sink.write(text_bytes.encode(table.rewrite(text_bytes.decode(body))))
            sink.write(line[len(body) :])


def _find_quoted_lines(lines: Sequence[str]) -> DrawnTable | None:
    """Each line is one quoted field, which holds a whole row."""
    few = lines[:_FEW_LINES]
    if len(few) < 2 or not all(_is_quoted(line) for line in few):
        return None
    rows = [_unquote(line) for line in few]
    nested = any('"' in row for row in rows)
    for delimiter in _DELIMITERS:
        widths = {len(next(csv.reader([row], delimiter=delimiter), [])) for row in rows}
        least = 1 if nested else 2  # "Rome, Italy" is one field
        if len(widths) == 1 and min(widths) > least:
            return DrawnTable(_unquote, "", "the quotes around each whole line are left out")
    return None


def _is_quoted(line: str) -> bool:
    inner = line[1:-1]
    quoted = len(line) > 2 and line[0] == line[-1] == '"'
    return quoted and '"' not in inner.replace('""', "")


def _unquote(line: str) -> str:
    return line[1:-1].replace('""', '"') if _is_quoted(line) else line


def _find_bars(lines: Sequence[str]) -> DrawnTable | None:
    """Bars stand at both ends of each row, rules of dashes between rows."""
    few = lines[:_FEW_LINES]
    rules = [line for line in few if _is_rule(line)]
    rows = [line for line in few if line not in rules and _has_bars(line)]
    if not rules or len(rows) < 2 or len(rules) + len(rows) < 0.8 * len(few):
        return None
    if len({len(_BAR.findall(row)) for row in rows}) > 1:
        return None
    return DrawnTable(_strip_bars, "|", "the lines drawn around the cells are left out")


def _is_rule(line: str) -> bool:
    """Whether a line divides rows: dashes and corners, or three dashes at least in every cell."""
    if _has_bars(line):
        return all(map(_RULED_CELL.fullmatch, _BAR.split(line.strip()[1:-1])))
    return _RULED.issuperset(line) and any(dash * 2 in line for dash in "-=─━═")


def _has_bars(line: str) -> bool:
    cells = line.strip()
    return len(cells) > 2 and bool(_BAR.match(cells[0])) and bool(_BAR.match(cells[-1]))


def _strip_bars(line: str) -> str:
    if _is_rule(line):
        return ""
    if not _has_bars(line):
        return line
    return "|".join(cell.strip() for cell in _BAR.split(line.strip()[1:-1]))


def _find_aligned(lines: Sequence[str]) -> DrawnTable | None:
    """The same places are blank in every line."""
    few = [line for line in lines if not line.startswith("#")][:_FEW_LINES]
    divided = sum(any(delimiter in line for delimiter in _DELIMITERS) for line in few)
    if len(few) < 3 or divided > 0.5 * len(few) or any('"' in line for line in few):
        return None
    width = max(map(len, few))
    padded = [line.ljust(width) for line in few]
    blank = "".join(" " if all(line[at] == " " for line in padded) else "x" for at in range(width))
    gaps = [found.span() for found in re.finditer(" +", blank) if found.start() > 0]
    gaps = [(start, stop) for start, stop in gaps if stop < width]
    gaps = [(start, stop) for start, stop in gaps if stop - start > 1] or gaps
    wide = sum(bool(_GAP.search(line.strip())) for line in few)
    if not gaps or wide < 0.9 * len(few):
        return None
    cells = [cell for line in few for cell in _cut(line, gaps).split("\t")]
    if sum(map(bool, cells)) < 0.7 * (len(gaps) + 1) * len(few):
        return None
    return DrawnTable(
        lambda line: line if line.startswith("#") else _cut(line, gaps),
        "\t",
        "columns are aligned by blanks, and cut where those stand in every line",
    )


def _cut(line: str, gaps: Sequence[tuple[int, int]]) -> str:
    """Cut a line within every gap; a line that fills one is left as it is."""
    padded, cells, begin = line.ljust(gaps[-1][1]), [], 0
    for start, stop in gaps:
        text = padded[start:stop]
        if not _ONE_GAP.fullmatch(text):
            return line
        place = start + (text.index(" ") if text[0] != " " else text.rindex(" "))
        cells.append(padded[begin:place].strip())
        begin = place
    return "\t".join([*cells, padded[begin:].strip()])
