"""How a delimited text file is written: delimiter, quote, escape, names, and the lines that belong
to no table."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from dreambolt_steps.errors import UsageError
from dreambolt_steps.unknown_names import tell_known

MAX_LINE_BYTES = 16 << 20


@dataclass(frozen=True)
class Dialect:
    """How one delimited text file is written.

    Attributes:
        delimiter: between two fields, one character or several; "" in a file of one column.
        quote: the character around quoted fields; "" when there is none.
        escape: the character before a quote inside quotes; the quote itself in standard CSV.
        header: whether the first row holds the column names.
        skip: lines before the header (or the first row) that belong to no table; `read_table`
            reports their text.
        encoding: of the original file.
        comment: what lines inside the table begin with that belong to none; "" when there are
            none.
        header_rows: rows the names are spread over, when there is a header.
        footer: lines after the last row that belong to no table.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    skip: int = 0
    encoding: str = "utf-8"
    comment: str = ""
    header_rows: int = 1
    footer: int = 0


@dataclass(frozen=True)
class DialectOverrides:
    """What the caller knows about a file, each as in `Dialect`; None means: find out."""

    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    header: bool | None = None
    skip: int | None = None
    encoding: str | None = None
    comment: str | None = None
    header_rows: int | None = None
    footer: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether little is left to find out."""
        told = (self.delimiter, self.quote, self.escape, self.header, self.skip)
        return None not in told

    def check(self) -> None:
        """Raises: UsageError for what no file can have."""
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError as error:
                told = tell_known(self.encoding, ("utf-8", "utf-16", "cp1252", "latin-1"))
                raise UsageError(f"encoding={self.encoding!r} is no encoding; {told}") from error
        for name in ("quote", "escape"):
            value = getattr(self, name)
            if value is not None and len(value.encode()) > 1:
                raise UsageError(
                    f"{name}={value!r} has more than one byte; give one ASCII character"
                )
        for name in ("delimiter", "quote", "escape", "comment"):
            value = getattr(self, name)
            if value is not None and any(odd in value for odd in "\r\n\0"):
                told = f"{name}={value!r} holds a line end or NUL"
                raise UsageError(f"{told}; give other characters")
        if self.delimiter and self.delimiter in (self.quote, self.escape):
            told = f"delimiter={self.delimiter!r} is the quote or the escape, too"
            raise UsageError(f"{told}; give another one")
        for name, least in (("skip", 0), ("footer", 0), ("header_rows", 1)):
            number = getattr(self, name)
            if number is not None and number < least:
                told = "negative" if number < 0 else "zero"
                raise UsageError(f"{name}={number} is {told}; give a number of lines")
