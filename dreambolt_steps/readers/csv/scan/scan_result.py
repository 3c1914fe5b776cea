"""What a walk over a delimited file found beside the rows of its table."""

from __future__ import annotations

from dataclasses import dataclass, field

from dreambolt_steps.readers.csv.scan.bad_rows import OddRows, Segments


@dataclass
class Tally:
    """How often something was met, and where first (byte offset)."""

    count: int = 0
    first: int = 0

    def add(self, offset: int) -> None:
        """Count once more."""
        if not self.count:
            self.first = offset
        self.count += 1


@dataclass
class OtherTable:
    """A table behind the first one.

    Attributes:
        offset, end: where it begins and ends, in bytes.
        width: fields of its rows.
        rows: lines of it, its header among them.
    """

    offset: int
    end: int
    width: int
    rows: int = 0


@dataclass
class Screening:
    """What was found in a file from its first row on.

    Attributes:
        plain: nothing odd: the file itself can be read; otherwise its copy.
        rejects: rows that could not be read.
        repairs: what was repaired, by kind.
        comments, blanks, headers: lines that are no rows; headers that come again.
        footer: the lines behind the last row, and where they begin.
        tables: further tables.
        segments: where the copy begins anew.
    """

    plain: bool = True
    rejects: OddRows = field(default_factory=OddRows)
    repairs: dict[str, Tally] = field(default_factory=dict)
    comments: Tally = field(default_factory=Tally)
    blanks: Tally = field(default_factory=Tally)
    headers: Tally = field(default_factory=Tally)
    footer: list[str] = field(default_factory=list)
    footer_offset: int = 0
    tables: list[OtherTable] = field(default_factory=list)
    segments: Segments = field(default_factory=Segments)

    @property
    def left_out(self) -> int:
        """Records that belong to no row of the table."""
        others = sum(table.rows for table in self.tables)
        return self.comments.count + self.headers.count + len(self.footer) + others

    def find_original(self, offset: int) -> int:
        """Return the file's offset for one of the copy."""
        return self.segments.find_original(offset)
