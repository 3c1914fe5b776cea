"""The head of a file, by records: enough of them to judge by, however long their cells are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.csv.scan.records import Quoting, Record, RecordSplitter
from dreambolt_steps.readers.csv.sniff.dialect import MAX_LINE_BYTES
from dreambolt_steps.readers.text import text_bytes

MOST_HEAD_BYTES = 1 << 22
_ENOUGH_RECORDS = 40
_ENOUGH_BEFORE = 10


@dataclass(frozen=True)
class Head:
    """The first lines of a file, or lines further down.

    Attributes:
        text: of whole lines.
        is_whole: whether the file ends with it.
    """

    text: str
    is_whole: bool = True

    def list_records(self, splitter: RecordSplitter, start: int, most: int) -> list[Record]:
        """List the records from a place on, at most so many. One that the end of the head cuts is
        left out, unless it is one of the first: then nothing closes its quote."""
        records: list[Record] = []
        while start < len(self.text) and len(records) < most:
            record = splitter.take(self.text, start)
            is_cut = record.quoting is Quoting.UNCLOSED and not self.is_whole
            is_short = len(self.text) < MOST_HEAD_BYTES // 2  # more was not needed
            if is_cut and (len(records) >= _ENOUGH_BEFORE or (is_short and start > 0)):
                break
            records.append(record)
            start = record.next
        return records

    def take_last(self, records: int, quote: str) -> Head | None:
        """The last records, None if there are not more than that."""
        starts = find_record_ends(text_bytes.encode(self.text), quote.encode()) + 1
        if len(starts) <= records:
            return None
        begin = int(starts[-1 - records])
        return Head(text_bytes.decode(text_bytes.encode(self.text)[begin:]), self.is_whole)


def find_record_ends(block: bytes, quote: bytes) -> np.ndarray:
    r"""Find the line ends that stand outside quotes; all of them where quotes are not balanced.

    >>> find_record_ends(b'a,"b\nc"\nd\n', b'"').tolist(), find_record_ends(b'a,"b\nc\n', b"").size
    ([7, 9], 2)
    """
    values = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(values == (10 if b"\n" in block else 13))
    quotes = np.flatnonzero(values == quote[0]) if quote else values[:0]
    return ends[np.searchsorted(quotes, ends) % 2 == 0] if len(quotes) else ends


def read_head(
    path: Path, mark: int, size: int, quote: str | None, least: int, skip: int = 0
) -> Head:
    """Read enough to judge a file by: at least so many bytes, and forty records whose quotes are
    balanced, but at most 4 MiB of them; cut behind a line end.

    Args:
        path: a UTF-8 file of `size` bytes.
        mark: length of its byte order mark.
        quote: which the caller knows; None for the usual one.
        least: bytes.
        skip: lines before the table that are known.

    Raises: SourceError where no line ends within 16 MiB.
    """
    sign = b'"' if quote is None else quote.encode()
    with path.open("rb") as handle:
        handle.seek(mark)
        head = handle.read(least)
        while mark + len(head) < size:
            ends = find_record_ends(head, sign)
            has_line = len(ends) or b"\n" in head or b"\r" in head
            if len(ends) >= _ENOUGH_RECORDS + skip or (has_line and len(head) >= MOST_HEAD_BYTES):
                break
            if len(head) > MAX_LINE_BYTES:
                raise SourceError(
                    f"{path}: no line ends within the first {MAX_LINE_BYTES >> 20} MiB; "
                    "is this delimited text?"
                )
            head += handle.read(len(head))
    is_whole = mark + len(head) >= size
    if not is_whole:
        head = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]
    return Head(text_bytes.decode(head), is_whole)
