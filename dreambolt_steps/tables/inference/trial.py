"""One family of types, tried on a column until it is hopeless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.decision import Failure
from dreambolt_steps.tables.inference.tally import Tally
from dreambolt_steps.tables.inference.verdict import Verdict
from dreambolt_steps.tables.text.text_look import TextLook

_SAMPLE_ROWS = 1000
_HOPELESS_SHARE = 0.2
_PICKED_VALUES = 8
_MAX_STRANGERS = 3
_STRANGER_LENGTH = 20
_LEAST_SHARE = 0.2


class Evidence(Protocol):
    """What is known of a column as one family of types."""

    family: str

    def include(self, text: pa.Array, look: TextLook, rows_before: int) -> pa.BooleanArray:
        """Count a batch; return which values are of the family, NULL where the text is."""

    def decide(self, *, lenient: bool = False) -> Verdict:
        """Choose a type for all values; `lenient`: for those that are of the family."""


class Trial:
    """A family that is tried.

    Attributes:
        evidence: what is known of the values.
        matched: values that are of the family.
        failed: values that are not; counted until they are more than a fifth.
        is_hopeless: whether they are.
        strangers: up to three words, without a digit, that are all that is not of the family: they
            may stand for NULL; None when there are more.
    """

    def __init__(
        self,
        make_evidence: Callable[[], Evidence],
        looks_alike: Callable[[str], object],
        *,
        is_asked: bool = False,
    ) -> None:
        """Try what `make_evidence` makes, on columns where some value `looks_alike`. A family that
        was asked for is never hopeless."""
        self.strangers: Counter[str] | None = Counter()
        self._is_asked = is_asked
        self._make_evidence = make_evidence
        self._looks_alike = looks_alike
        self.evidence = make_evidence()
        self.matched = 0
        self.failed = Tally()
        self.is_hopeless = False

    @property
    def fits(self) -> bool:
        """Whether all values so far are of the family."""
        return bool(self.matched and not self.failed)

    def include(
        self, text: pa.Array, look: TextLook, rows_before: int, picked: Sequence[str]
    ) -> None:
        """Look at a batch: at a few values of it, `picked`, then at its first rows; at all of it if
        they are not hopeless."""
        if not self.matched and not self._is_asked:  # plain text costs next to nothing
            if not any(map(self._looks_alike, picked)):
                self.is_hopeless = bool(picked)
                return
            sample = text.slice(0, _SAMPLE_ROWS)
            if len(sample) < len(text):
                seen = TextLook(sample)
                accepted = self._make_evidence().include(sample, seen, 0)
                strangers = _count_strangers(Counter(), sample, accepted)
                values = len(sample) - sample.null_count
                if _is_hopeless(accepted.true_count, values, strangers):
                    self.is_hopeless = True
                    text, look = sample, seen
        accepted = self.evidence.include(text, look, rows_before)
        self.matched += accepted.true_count
        if accepted.false_count:
            self.failed.include(text, pc.invert(accepted), rows_before)
            self.strangers = _count_strangers(self.strangers, text, accepted)
        if not self._is_asked:
            values = self.matched + self.failed.count
            self.is_hopeless |= _is_hopeless(self.matched, values, self.strangers)

    def decide(self) -> Verdict:
        """The type of all values, or of those that are of the family, if it was asked for."""
        if self._is_asked and self.matched:
            return self.evidence.decide(lenient=True)
        if self.is_hopeless or not self.matched:
            return Verdict()
        verdict = self.evidence.decide()
        return Verdict(warnings=verdict.warnings) if self.failed else verdict

    def find_strangers(self) -> Counter[str]:
        """The words but for which all values are of the family; none where that is not so."""
        if self.is_hopeless or not self.matched or not self.strangers:
            return Counter()
        return self.strangers if self.evidence.decide(lenient=True).type else Counter()

    def get_failure(self) -> Failure | None:
        """Why the column is not of the family, if it looked as if it were."""
        if self.matched < max(self.failed.count, 1) or not self.failed:
            return None
        failed = self.failed
        return Failure(self.evidence.family, failed.count, failed.value, failed.row)


def _is_hopeless(matched: int, values: int, strangers: Counter[str] | None) -> bool:
    """Whether more than a fifth of the values are not of the family; four fifths where these are
    the same few words again and again."""
    share = 1 - _LEAST_SHARE if strangers else _HOPELESS_SHARE
    return values - matched > share * values


def _count_strangers(
    known: Counter[str] | None, text: pa.Array, accepted: pa.BooleanArray
) -> Counter[str] | None:
    """Count the words that are not of the family; None when they are many, long, or have digits."""
    if known is None or not accepted.false_count:
        return known
    found = text.filter(pc.fill_null(pc.invert(accepted), False))
    if len(found.slice(0, _SAMPLE_ROWS).unique()) > _MAX_STRANGERS:
        return None
    counted = known + Counter(
        {one["values"]: one["counts"] for one in pc.value_counts(found).to_pylist()}
    )
    is_plain = all(
        len(word) <= _STRANGER_LENGTH and not any(map(str.isdigit, word)) for word in counted
    )
    return counted if is_plain and len(counted) <= _MAX_STRANGERS else None


def pick_values(text: pa.Array) -> list[str]:
    """A few values from all over the first rows."""
    sample = text.slice(0, _SAMPLE_ROWS).drop_null()
    step = max(len(sample) // _PICKED_VALUES, 1)
    return [sample[at].as_py() for at in range(0, len(sample), step)]
