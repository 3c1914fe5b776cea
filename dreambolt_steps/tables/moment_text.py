"""Days, moments and truth values written as text, recognised by whole arrays."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.column_types import TIMESTAMP, TIMESTAMPTZ

TRUE_WORDS = ("true", "yes")
FALSE_WORDS = ("false", "no")
_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_ZONE = r"(?:Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])"
DATE_PATTERN = f"^{_DAY}$"
TIMESTAMP_PATTERN = f"^{_DAY}(?:{_TIME})?$"
TIMESTAMPTZ_PATTERN = f"^{_DAY}{_TIME}{_ZONE}$"


def is_castable(text: pa.Array, shaped: pa.Array, kind: pa.DataType) -> pa.Array:
    """Tell which of the values with the right shape the calendar knows too: 2023-02-29 is text.

    Args:
        text: the values.
        shaped: which of them have the shape of `kind`; null where the text is.
        kind: a date or timestamp type.

    Returns: `shaped`, false where the cast fails.
    """
    candidates = text if shaped.false_count == 0 else pc.if_else(shaped, text, None)
    try:
        pc.cast(candidates, kind)
        return shaped
    except pa.ArrowInvalid:
        distinct = candidates.drop_null().unique()
        known = distinct.filter(pa.array([_can_cast(value, kind) for value in distinct]))
        return pc.and_(shaped, pc.is_in(text, known))


def _can_cast(value: pa.StringScalar, kind: pa.DataType) -> bool:
    try:
        value.cast(kind)
        return True
    except pa.ArrowInvalid:
        return False


@dataclass
class MomentEvidence:
    """All days and moments of a column: either none has an offset from UTC, or every one has."""

    days: int = 0
    plain: int = 0
    zoned: int = 0

    def include(self, text: pa.Array) -> pa.Array:
        """Count a batch (nulls allowed); return which values are days or moments of one kind."""
        if self.zoned:
            return self._include_zoned(text)
        day = pc.match_substring_regex(text, DATE_PATTERN)
        if day.false_count == 0:
            day = is_castable(text, day, pa.date32())
            self.days += day.true_count
            return day
        plain = pc.match_substring_regex(text, TIMESTAMP_PATTERN)
        if plain.true_count == 0 and not self.days + self.plain:
            return self._include_zoned(text)
        plain = is_castable(text, plain, TIMESTAMP)
        days = pc.and_(plain, day).true_count
        self.days += days
        self.plain += plain.true_count - days
        return plain

    def decide(self) -> pa.DataType | None:
        """Choose date, timestamp (days among moments are midnights) or timestamptz."""
        if self.zoned:
            return TIMESTAMPTZ
        if self.plain:
            return TIMESTAMP
        return pa.date32() if self.days else None

    def _include_zoned(self, text: pa.Array) -> pa.Array:
        zoned = pc.match_substring_regex(text, TIMESTAMPTZ_PATTERN)
        zoned = is_castable(text, zoned, TIMESTAMPTZ)
        self.zoned += zoned.true_count
        return zoned


@dataclass
class BooleanEvidence:
    """All truth words of a column: one pair of words, true and false or yes and no, in any case.

    A column of nothing but "no" stays text: it may be a country, a language, an answer.
    """

    true_false: int = 0
    yes: int = 0
    no: int = 0

    def include(self, text: pa.Array) -> pa.Array:
        """Count a batch (nulls allowed); return which values are truth words."""
        lower = pc.ascii_lower(text)
        true_false = pc.match_substring_regex(lower, "^(?:true|false)$")
        yes, no = pc.equal(lower, "yes"), pc.equal(lower, "no")
        self.true_false += true_false.true_count
        self.yes += yes.true_count
        self.no += no.true_count
        return pc.or_(true_false, pc.or_(yes, no))

    def decide(self) -> pa.DataType | None:
        """Choose boolean, or None when the words are of both pairs, or only "no"."""
        if self.yes + self.no and (self.true_false or not self.yes):
            return None
        return pa.bool_() if self.true_false + self.yes else None
