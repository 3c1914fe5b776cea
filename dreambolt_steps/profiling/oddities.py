"""Values that are probably not what their source meant: counted over all rows, on the way past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.text.blanks import is_text, trim_text
from dreambolt_steps.tables.text.mend import is_ascii, may_be_broken, repair_text
from dreambolt_steps.tables.text.text_look import TextLook

_CHARACTERS = 80
_DAY = dt.timedelta(days=1)
_QUOTES, _AMPERSAND, _BLANK, _DELETE = b"\"'", 38, 32, 127
_CONTROLS = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]"
_INVISIBLE = "[\u200b\ufeff\u00ad\u2060]"
_ENTITIES = "&(amp|lt|gt|quot|apos|nbsp|#[0-9]+|#x[0-9a-fA-F]+);"


@dataclass(frozen=True)
class Oddity:
    """Values of one kind in one column.

    Attributes:
        kind: lost_characters (U+FFFD), wrong_encoding ("JosÃ©"), control_characters,
            invisible_characters, html_entities, outer_blanks, outer_quotes, or future.
        count: values.
        first: the first of them, as text.
        row: its 1-based row.
    """

    kind: str
    count: int
    first: str
    row: int


class OddityCount:
    """Counts odd values of one column, batch by batch."""

    def __init__(self, kind: pa.DataType, now: dt.datetime | None = None) -> None:
        """Nothing is seen yet.

        Args:
            kind: of the column.
            now: what is later by more than a day is in the future; default the clock's time.
        """
        self._kind = kind
        self._now = (now or dt.datetime.now(dt.UTC)) + _DAY
        self._found: dict[str, Oddity] = {}
        self._rows = 0

    @property
    def found(self) -> tuple[Oddity, ...]:
        """What was found so far, the most frequent first."""
        return tuple(sorted(self._found.values(), key=lambda one: -one.count))

    def include(self, values: pa.Array) -> None:
        """Count the odd values of a batch."""
        if is_text(self._kind):
            text = values.cast(pa.string())
            for kind, search in _list_searches(text, TextLook(text)):
                self._add(kind, text, search())
        elif pa.types.is_date(self._kind) or pa.types.is_timestamp(self._kind):
            self._add("future", values, pc.greater(values, self._write_limit()))
        self._rows += len(values)

    def _write_limit(self) -> pa.Scalar:
        if pa.types.is_date(self._kind):
            return pa.scalar(self._now.date(), self._kind)
        limit = self._now if self._kind.tz else self._now.replace(tzinfo=None)
        return pa.scalar(limit, pa.timestamp("us", self._kind.tz)).cast(self._kind, safe=False)

    def _add(self, kind: str, values: pa.Array, found: pa.BooleanArray) -> None:
        count = found.true_count
        if not count:
            return
        before = self._found.get(kind)
        if before is not None:
            self._found[kind] = Oddity(kind, before.count + count, before.first, before.row)
            return
        at = pc.index(found, True).as_py()
        first = str(values[at].as_py())[:_CHARACTERS]
        self._found[kind] = Oddity(kind, count, first, self._rows + at + 1)


_Search = Callable[[], pa.BooleanArray]


def _list_searches(text: pa.Array, look: TextLook) -> Iterator[tuple[str, _Search]]:
    """The searches that a batch is worth: most batches are told apart by their bytes alone."""
    own = look.own
    if not len(own):
        return
    if not is_ascii(look):
        yield "lost_characters", partial(pc.match_substring, text, "\ufffd")
        yield "invisible_characters", partial(pc.match_substring_regex, text, _INVISIBLE)
        if may_be_broken(look):
            yield "wrong_encoding", partial(_find_broken, text, look)
    if int(own.min()) < _BLANK or _DELETE in own:
        yield "control_characters", partial(pc.match_substring_regex, text, _CONTROLS)
    if _AMPERSAND in own:
        yield "html_entities", partial(pc.match_substring_regex, text, _ENTITIES)
    if trim_text(text, look) is not text:
        yield "outer_blanks", partial(pc.not_equal, pc.utf8_trim_whitespace(text), text)
    quoted = np.isin(look.first, list(_QUOTES)) & (look.first == look.last) & (look.lengths > 1)
    if quoted.any():
        yield "outer_quotes", partial(pa.array, quoted)


def _find_broken(text: pa.Array, look: TextLook) -> pa.BooleanArray:
    changed = repair_text(text, look)[1]
    return pa.array(np.zeros(len(text), bool) if changed is None else changed)
