"""Reads a row whose quotes stand oddly, where only one reading makes sense."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dreambolt_steps.readers.csv.sniff.dialect import Dialect

Cells = tuple[str | None, ...]

_LONGEST = 1 << 16
_MOST_QUOTES = 200
_MOST_READINGS = 8
_LITERAL_COST = 1.0  # a quote that opens nothing is part of the text
_INNER_COST = 1.0  # a quote inside a quoted field that should have been doubled
_LOOSE_COST = 0.25  # a quote inside a field without quotes, which most programs write


@dataclass(frozen=True, slots=True)
class _Reading:
    cost: float
    cells: Cells


class QuoteReader:
    """Finds the readings of a row with odd quotes that have the right number of fields.

    A field that begins with a quote is either quoted, and ends at any quote that stands before a
    delimiter or the row's end; or it is not, and that one quote is text. Each quote that breaks the
    rules costs; the readings that cost least are returned.
    """

    def __init__(self, dialect: Dialect, width: int) -> None:
        """Take the dialect and the number of fields of a row."""
        self._quote, self._delimiter, self._width = dialect.quote, dialect.delimiter, width
        d, q = re.escape(dialect.delimiter), re.escape(dialect.quote)
        self._blanks = "" if dialect.delimiter[:1] in (" ", "") else " "
        behind = rf"{'(?: *)' if self._blanks else ''}(?={d}|\Z)" if d else r"(?: *)(?=\Z)"
        self._closing = re.compile(f"{q}{behind}")
        self._plain = re.compile(rf"(?:(?!{d})[^\r\n])*" if d else r"[^\r\n]*")
        pair = re.escape(dialect.escape or dialect.quote) + q
        self._pair = re.compile(pair)
        self._escaped = dialect.escape + dialect.quote if dialect.escape else dialect.quote * 2

    def read(self, raw: str) -> tuple[float, list[Cells]]:
        """Return the cheapest readings of a row and their cost, None for a field with nothing in
        it; none at all where no reading has the right width."""
        if len(raw) > _LONGEST or raw.count(self._quote) > _MOST_QUOTES:
            return 0.0, []
        found: dict[tuple[int, int], list[_Reading]] = {(0, 0): [_Reading(0.0, ())]}
        ends: list[_Reading] = []
        while found:
            place = min(found)
            at, count = place
            for reading in found.pop(place):
                for end, cell, cost in self._list_fields(raw, at):
                    longer = _Reading(reading.cost + cost, (*reading.cells, cell))
                    if end == len(raw):
                        if count + 1 == self._width:
                            ends.append(longer)
                    elif count + 1 < self._width and self._delimiter:
                        key = (end + len(self._delimiter), count + 1)
                        found[key] = _keep_cheapest([*found.get(key, []), longer])
        best = _keep_cheapest(ends)
        cost = best[0].cost if best else 0.0
        return cost, list(dict.fromkeys(reading.cells for reading in best))

    def _list_fields(self, raw: str, at: int) -> list[tuple[int, str | None, float]]:
        """List (end, value, cost) of every field that could begin here and ends before a delimiter
        or with the row."""
        plain = self._plain.match(raw, at)
        text = plain[0] if plain else ""
        end = at + len(text)
        delimited = end == len(raw) or raw.startswith(self._delimiter or "\0", end)
        begin = at + len(text) - len(text.lstrip(" ")) if self._blanks else at
        quotes = text.count(self._quote)
        if not raw.startswith(self._quote, begin):
            return [(end, text or None, _LOOSE_COST * quotes)] if delimited else []
        fields: list[tuple[int, str | None, float]] = []
        if quotes == 1 and delimited:
            fields.append((end, text, _LITERAL_COST))
        for closing in self._closing.finditer(raw, begin + 1):
            inside = raw[begin + 1 : closing.start()]
            odd = self._pair.sub("", inside).count(self._quote)
            value = inside.replace(self._escaped, self._quote)
            fields.append((closing.end(), value, _INNER_COST * odd))
        return fields


def _keep_cheapest(readings: list[_Reading]) -> list[_Reading]:
    least = min((reading.cost for reading in readings), default=0.0)
    return [reading for reading in readings if reading.cost <= least][:_MOST_READINGS]
