"""Tables written as delimited text, and every way in which such files go wrong in practice.

A `Draft` is a table about to be written. A pollution changes it, and what is to be read from it.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass, field

Row = list[str]


@dataclass
class Draft:
    """A file about to be written, and what a reader should find in it.

    Attributes:
        header, rows: what is to be read.
        rejected: rows a reader should reject.
        lines: what is written for a row instead of its cells; index -1 is the header.
        before, after: lines around the table. inside: row index -> lines before that row.
    """

    header: Row
    rows: list[Row]
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    quote_all: bool = False
    line_ends: tuple[str, ...] = ("\n",)
    last_line_end: bool = True
    encoding: str = "utf-8"
    has_header: bool = True
    header_rows: list[Row] | None = None
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    inside: dict[int, list[str]] = field(default_factory=dict)
    lines: dict[int, str] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)

    def write_row(self, row: Row, delimiter: str | None = None) -> str:
        """Write the cells of a row."""
        d = self.delimiter if delimiter is None else delimiter
        return d.join(self._write_cell(cell, d) for cell in row)

    def _write_cell(self, cell: str, delimiter: str) -> str:
        special = [self.quote, "\n", "\r", *([delimiter] if delimiter else [])]
        needed = any(one in cell for one in special) or cell != cell.strip(" ")
        if not needed and not self.quote_all:
            return cell
        escaped = cell
        if self.escape != self.quote:
            escaped = escaped.replace(self.escape, self.escape * 2)
        return self.quote + escaped.replace(self.quote, self.escape + self.quote) + self.quote

    def write(self) -> bytes:
        """Write the file."""
        lines = list(self.before)
        if self.has_header:
            for number, row in enumerate(self.header_rows or [self.header]):
                lines.append(
                    self.lines.get(-1, self.write_row(row)) if not number else self.write_row(row)
                )
        for index, row in enumerate(self.rows):
            lines += self.inside.get(index, [])
            lines.append(self.lines.get(index, self.write_row(row)))
        lines += self.after
        ends = [self.line_ends[i % len(self.line_ends)] for i in range(len(lines))]
        if not self.last_line_end:
            ends[-1] = ""
        text = "".join(line + end for line, end in zip(lines, ends, strict=True))
        return codecs.encode(text, self.encoding)

    @property
    def expected_names(self) -> Row:
        """The names a reader should find."""
        if not self.has_header:
            return [f"column_{i}" for i in range(1, len(self.header) + 1)]
        return self.header

    @property
    def expected_rows(self) -> list[Row]:
        """The rows a reader should find."""
        return [row for index, row in enumerate(self.rows) if index not in self.dropped]


def make_numbers() -> Draft:
    """Whole numbers, decimals, missing values."""
    rows = [[str(i), f"{i * 7 % 100 / 8:.3f}", str(i * i) if i % 5 else ""] for i in range(1, 31)]
    return Draft(["id", "ratio", "square"], rows)


def make_dates() -> Draft:
    """Dates, times, codes, amounts."""
    rows = [
        [f"{i % 28 + 1:02}/03/2024", f"{i % 24:02}:15", f"AB-{1000 + i}", f"${i}.50", "yes"]
        for i in range(30)
    ]
    return Draft(["day", "time", "order id", "paid", "open"], rows)


def make_texts() -> Draft:
    """Long text with commas, semicolons, apostrophes and inches."""
    said = [
        "It's warm, dry and light",
        'A 10" shelf; a 5" drawer',
        "Kids' boots, women's hats",
        "plain words",
        'He said "no", twice',
        "",
    ]
    rows = [[str(i), said[i % 6], f"https://example.com/{i}"] for i in range(40)]
    return Draft(["nr", "description", "link"], rows)


def make_line_breaks() -> Draft:
    """Text with line breaks."""
    rows = [[str(i), f"first line {i}\nsecond, line", "x" if i % 2 else "y\n"] for i in range(25)]
    return Draft(["n", "note", "mark"], rows)


def make_foreign() -> Draft:
    """Names and text beyond ASCII."""
    names = ["Łukasz Żak", "Анна Иванова", "山田 太郎", "José Muñoz", "👍 ok", "שלום"]
    rows = [[names[i % 6], str(1900 + i), f"{i},5 kg"] for i in range(24)]
    return Draft(["имя", "année", "重さ"], rows)


def make_one_column() -> Draft:
    """One column of text."""
    return Draft(["name"], [[f"item number {i}"] for i in range(20)])


def make_wide() -> Draft:
    """Forty columns."""
    rows = [[str(i * j) if j % 3 else f"t{i}" for j in range(40)] for i in range(1, 16)]
    return Draft([f"column {chr(97 + j // 26)}{chr(97 + j % 26)}" for j in range(40)], rows)


BASES: dict[str, Callable[[], Draft]] = {
    "numbers": make_numbers,
    "dates": make_dates,
    "texts": make_texts,
    "line breaks": make_line_breaks,
    "foreign": make_foreign,
    "one column": make_one_column,
    "wide": make_wide,
}


@dataclass(frozen=True)
class Pollution:
    """One way to go wrong.

    Attributes:
        change: applies it.
        group: pollutions of one group exclude each other.
        late: applied after those that change how rows are written.
        unfit: bases that it makes no sense for.
    """

    change: Callable[[Draft], None]
    group: str
    late: bool = False
    unfit: tuple[str, ...] = ()


def _set(**values: object) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        for name, value in values.items():
            setattr(draft, name, value)

    return change


def _preamble(draft: Draft) -> None:
    draft.before = ["Sales of the north", "Made by hand: 2024", "", *draft.before]


def _delimited_preamble(draft: Draft) -> None:
    empty = draft.delimiter * (len(draft.header) - 1)
    draft.before = [f"REPORT{empty}", empty, *draft.before]


def _footer(draft: Draft) -> None:
    draft.after += ["", "Source: own counts", "All rights reserved"]


def _total(draft: Draft) -> None:
    draft.after.append(f"Total: {len(draft.rows)} rows")


def _comments(draft: Draft) -> None:
    draft.inside[2] = [*draft.inside.get(2, []), "# counted twice"]
    draft.inside[7] = [*draft.inside.get(7, []), "# see below"]


def _leading_comments(draft: Draft) -> None:
    draft.before = ["# version 2", "# from the archive", *draft.before]


def _two_header_rows(draft: Draft) -> None:
    units = [f"({name[:2]})" for name in draft.header]
    draft.header_rows = [draft.header, units]
    draft.header = [f"{name} {unit}" for name, unit in zip(draft.header, units, strict=True)]


def _blank_lines(draft: Draft) -> None:
    for index in (0, 3, 9):
        draft.inside[index] = ["", *draft.inside.get(index, [])]


def _short_row(draft: Draft) -> None:
    draft.lines[4] = draft.write_row(draft.rows[4][:-1])
    draft.dropped.add(4)


def _long_row(draft: Draft) -> None:
    draft.lines[5] = draft.write_row([*draft.rows[5], "surplus"])
    draft.dropped.add(5)


def _stray_quote(draft: Draft) -> None:
    row = draft.rows[6]
    rest = draft.write_row(row[1:])
    draft.lines[6] = draft.quote + row[0] + draft.delimiter + rest
    draft.rows[6] = [draft.quote + row[0], *row[1:]]


def _other_delimiter(draft: Draft) -> None:
    other = "|" if draft.delimiter != "|" else "\t"
    draft.lines[8] = draft.write_row(draft.rows[8], other)


def _extra_delimiter(draft: Draft) -> None:
    draft.lines[10] = draft.write_row(draft.rows[10]) + draft.delimiter


def _second_table(draft: Draft) -> None:
    names = [f"other{i}" for i in range(len(draft.header) + 2)]
    values = [str(i) for i in range(len(names))]
    draft.after += ["", draft.write_row(names), *[draft.write_row(values)] * 4]


def _table_again(draft: Draft) -> None:
    draft.inside[len(draft.rows)] = [draft.write_row(draft.header)]
    draft.rows.append(draft.rows[1])


_NO_COLUMNS = ("one column",)
POLLUTIONS: dict[str, Pollution] = {
    **{
        f"delimiter {delimiter!r}": Pollution(_set(delimiter=delimiter), "delimiter", unfit=unfit)
        for delimiter, unfit in (
            (";", _NO_COLUMNS),
            ("\t", _NO_COLUMNS),
            ("|", _NO_COLUMNS),
            (", ", _NO_COLUMNS),
            ("||", _NO_COLUMNS),
            ("::", _NO_COLUMNS),
            ("\t\t", _NO_COLUMNS),
            ("~|~", _NO_COLUMNS),
            ("\x1f", _NO_COLUMNS),
        )
    },
    "apostrophes": Pollution(_set(quote="'", escape="'", quote_all=True), "quote"),
    "all quoted": Pollution(_set(quote_all=True), "quote"),
    "backslashes": Pollution(_set(escape="\\", quote_all=True), "quote"),
    "CR LF": Pollution(_set(line_ends=("\r\n",)), "line end"),
    "CR": Pollution(_set(line_ends=("\r",)), "line end"),
    "mixed line ends": Pollution(_set(line_ends=("\n", "\r\n", "\n")), "line end"),
    "UTF-8 with BOM": Pollution(_set(encoding="utf-8-sig"), "encoding"),
    "UTF-16": Pollution(_set(encoding="utf-16"), "encoding"),
    "UTF-32": Pollution(_set(encoding="utf-32"), "encoding"),
    "no last line end": Pollution(_set(last_line_end=False), "end"),
    "preamble": Pollution(_preamble, "top", late=True, unfit=_NO_COLUMNS),
    "delimited preamble": Pollution(_delimited_preamble, "top", late=True, unfit=_NO_COLUMNS),
    "comments on top": Pollution(_leading_comments, "top", late=True, unfit=_NO_COLUMNS),
    "comments": Pollution(_comments, "inside", late=True, unfit=_NO_COLUMNS),
    "footer": Pollution(_footer, "bottom", late=True, unfit=_NO_COLUMNS),
    "total": Pollution(_total, "bottom", late=True, unfit=_NO_COLUMNS),
    "second table": Pollution(_second_table, "bottom", late=True, unfit=_NO_COLUMNS),
    "the table again": Pollution(_table_again, "bottom", late=True, unfit=_NO_COLUMNS),
    "no header": Pollution(_set(has_header=False), "header", unfit=("one column",)),
    "two header rows": Pollution(_two_header_rows, "header", unfit=("one column",)),
    "blank lines": Pollution(_blank_lines, "blank"),
    "short row": Pollution(_short_row, "row", late=True, unfit=_NO_COLUMNS),
    "long row": Pollution(_long_row, "row", late=True, unfit=_NO_COLUMNS),
    "stray quote": Pollution(_stray_quote, "row", late=True, unfit=_NO_COLUMNS),
    "row with another delimiter": Pollution(_other_delimiter, "row", late=True, unfit=_NO_COLUMNS),
    "delimiter at the end": Pollution(_extra_delimiter, "row", late=True, unfit=_NO_COLUMNS),
}


def pollute(base: str, kinds: tuple[str, ...]) -> Draft | None:
    """Draft a base table with some pollutions, or return None where they do not go together."""
    chosen = [POLLUTIONS[kind] for kind in kinds]
    if len({one.group for one in chosen}) < len(chosen):
        return None
    if {"the table again", "no header"} <= {*kinds}:  # then nothing tells names from values
        return None
    if any(base in one.unfit for one in chosen):
        return None
    draft = BASES[base]()
    for one in sorted(chosen, key=lambda one: one.late):
        one.change(draft)
    return draft
