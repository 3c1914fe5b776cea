"""Where in a file the table lies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """Where the table lies.

    Attributes:
        skip: lines before the header or the first row.
        header_rows: rows that hold the names; 0 without a header.
        names: of the columns; "" where the file gives none.
        header_line: the header as it stands; "" without one, or with one of several rows.
        start: index in the text where the first row begins.
        width: fields of a row in the file; there are fewer where `trailing`, and there may be more
            names, whose values are missing in every row.
        trailing: whether every row ends with a delimiter that begins no column.
        comment: what lines inside the table begin with that are none of its rows; "" for none.
        multiline: whether rows have line ends within quotes.
        profile: the kind of value in each field of a row (`profile_columns`).
        notes: what is out of the ordinary, in sentences.
        ragged: whether rows leave out the empty fields at their end, so that the header alone
            gives the width.
    """

    skip: int
    header_rows: int
    names: tuple[str, ...]
    header_line: str
    start: int
    width: int
    trailing: bool
    comment: str
    multiline: bool
    profile: tuple[str, ...]
    notes: tuple[str, ...]
    ragged: bool = False

    def write_header(self, delimiter: str) -> set[str]:
        """The forms in which the header may come again among the rows, unquoted; none for a table
        of one column, where such a row may as well be a value."""
        if not self.header_rows or self.width < 2:
            return set()
        return {self.header_line, delimiter.join(self.names)} - {""}
