"""What was decided about a column, with the evidence: for reports, terminals and contracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from dreambolt_steps.tables.column_types import name_type

_SHOWN_WORDS = 5


def show_counts(counts: Mapping[str, int]) -> str:
    """Write words and how often each occurs.

    >>> show_counts({"NA": 3, "-": 1})
    "'NA' 3 times, '-' 1 time"
    """
    shown = [f"{word!r} {n:,} time{'s' if n > 1 else ''}" for word, n in counts.items()]
    more = f" and {len(shown) - _SHOWN_WORDS} more words" if len(shown) > _SHOWN_WORDS else ""
    return ", ".join(shown[:_SHOWN_WORDS]) + more


@dataclass(frozen=True)
class Failure:
    """Why a column that looked like more than text is text.

    Attributes:
        family: number, date or timestamp, time, or boolean.
        count: values that are none; at least so many when most were not, for then counting stops.
        value, row: the first of them, and its 1-based row.
    """

    family: str
    count: int
    value: str
    row: int

    def __str__(self) -> str:
        return f"no {self.family}: {self.value!r} in row {self.row}"


@dataclass(frozen=True)
class ColumnWarning:
    """Something a person should look at.

    Attributes:
        code: what kind of thing, for programs: open_day_order, open_separator, looks_like...
        message: what was seen, with a value and its row.
        argument: of `CleanTable`, which settles it: `day_first={'joined': True}`.
    """

    code: str
    message: str
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.message}; {self.argument} settles it" if self.argument else self.message


@dataclass(frozen=True)
class Spelling:
    """How the values of a column are written, where it is not as their type prints.

    Attributes:
        thousands: what sets thousands apart.
        decimal: what stands before the decimals.
        day_first: whether 1/2/2024 is the first of February; None where it is not written so.
        sign: currency or percent: what else stands around the numbers.
        format: of days and moments, as it was told; None where it was found.
    """

    thousands: str | None = None
    decimal: str = "."
    day_first: bool | None = None
    sign: str | None = None
    format: str | None = None


@dataclass(frozen=True)
class ColumnDecision:
    """What a column is, and why.

    Attributes:
        name: of the source.
        source_type: the Arrow type it comes in.
        type: the Arrow type that holds every value unchanged.
        rows, nulls: counted over the whole table; null tokens count as nulls.
        has_blanks: whether any value has blanks at its ends.
        has_null_tokens: whether any value is a null token.
        null_words: the words that are NULL, each with how often it occurs; "" is none of them.
        spelling: how the values are written, if not as their type prints.
        semantic: what the text is, beyond its type: uuid, json or category.
        categories: every value of a category, sorted.
        failures: better-fitting types that some values ruled out.
        warnings: what a person should look at.
        note: what decided, where it is not plain ("all null").
    """

    name: str
    source_type: pa.DataType
    type: pa.DataType
    rows: int
    nulls: int
    has_blanks: bool = False
    has_null_tokens: bool = False
    null_words: tuple[tuple[str, int], ...] = ()
    spelling: Spelling | None = None
    semantic: str | None = None
    categories: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    warnings: tuple[ColumnWarning, ...] = ()
    note: str = ""

    def explain(self) -> str:
        """The reasons in one line; "" where the type speaks for itself."""
        reasons = [str(failure) for failure in self.failures[:1]]
        reasons += [str(warning) for warning in self.warnings]
        return "; ".join(filter(None, [*reasons, self.note, self.tell_nulls()]))

    def tell_nulls(self) -> str:
        """Which words were read as NULL, and how often each; "" for none."""
        return f"read as NULL: {show_counts(dict(self.null_words))}" if self.null_words else ""

    def to_dict(self) -> dict[str, Any]:
        """Every field, ready for JSON; types as users write them."""
        plain = {
            **asdict(self),
            "source_type": name_type(self.source_type),
            "type": name_type(self.type),
            "why": self.explain(),
        }
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()
        }
