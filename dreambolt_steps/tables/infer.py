"""The types of text columns, found over all rows, each with its evidence."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pyarrow as pa

from dreambolt_steps.tables.blanks import NULL_TOKENS, drop_null_tokens, is_text, trim_text
from dreambolt_steps.tables.column_types import find_plain_type
from dreambolt_steps.tables.decision import ColumnDecision, Failure, Spelling
from dreambolt_steps.tables.moment_text import BooleanEvidence, MomentEvidence
from dreambolt_steps.tables.number_text import NumberEvidence

_SAMPLE_ROWS = 1000
_HOPELESS_SHARE = 0.2
_Evidence = NumberEvidence | MomentEvidence | BooleanEvidence
_FAMILIES: dict[str, Callable[[], _Evidence]] = {
    "number": NumberEvidence,
    "date or timestamp": MomentEvidence,
    "boolean": BooleanEvidence,
}


def infer_types(
    open_reader: Callable[[], pa.RecordBatchReader],
    *,
    null_tokens: Sequence[str] = NULL_TOKENS,
    trim: bool = True,
) -> list[ColumnDecision]:
    """Find the type of every text column over all rows, in one pass; typed columns keep theirs.

    A type is chosen only when every value that is not null, typed and printed again, is equal to
    the text: whole numbers (the narrowest int, beyond int64 a decimal), decimals with the largest
    scale seen, float64 where exponents occur, true/false or yes/no, ISO dates and timestamps (with
    offsets: UTC). "590.549" is 590549 when every point stands before three digits and either one
    value has two points or at least three have one. Codes such as "007" or "+49" stay text.

    Args:
        open_reader: opens the table anew; read once, batch by batch.
        null_tokens: values that mean NULL.
        trim: whether blanks at the ends of values count for nothing.

    Returns: a decision for each column, in order.

    >>> table = pa.table({"n": ["1", " 2 ", "NA"], "code": ["007", "8", "9"]})
    >>> [str(d.type) for d in infer_types(lambda: table.to_reader())]
    ['int8', 'string']
    """
    reader = open_reader()
    columns = [_Column(field, null_tokens, trim) for field in reader.schema]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for batch in reader:
            list(pool.map(_Column.include, columns, batch.columns))
    return [column.decide() for column in columns]


@dataclass
class _Trial:
    """One family of types, tried on a column until it is hopeless."""

    family: str
    evidence: _Evidence
    matched: int = 0
    failed: int = 0
    first: tuple[str, int] | None = None
    hopeless: bool = False

    def include(self, values: pa.Array, rows_before: int) -> None:
        if self.hopeless:
            return
        sample = values.slice(0, _SAMPLE_ROWS)
        if not self.matched:  # a throw-away look, so that plain text costs next to nothing
            self.hopeless = _is_hopeless(_FAMILIES[self.family]().include(sample))
        accepted = self.evidence.include(sample if self.hopeless else values)
        self.matched += accepted.true_count
        self.failed += accepted.false_count
        if accepted.false_count and self.first is None:
            at = accepted.index(False).as_py()
            self.first = (values[at].as_py(), rows_before + at + 1)
        self.hopeless |= self.failed > _HOPELESS_SHARE * (self.failed + self.matched)


def _is_hopeless(accepted: pa.BooleanArray) -> bool:
    return accepted.false_count > _HOPELESS_SHARE * (len(accepted) - accepted.null_count)


@dataclass
class _Column:
    """Everything seen of one column."""

    source: pa.Field
    null_tokens: Sequence[str]
    trim: bool
    rows: int = 0
    nulls: int = 0
    has_blanks: bool = False
    has_null_tokens: bool = False
    trials: list[_Trial] = field(
        default_factory=lambda: [_Trial(family, make()) for family, make in _FAMILIES.items()]
    )

    def include(self, values: pa.Array) -> None:
        if is_text(self.source.type):
            values = self._clean(values.cast(pa.string()))
            for trial in self.trials:
                trial.include(values, self.rows)
        self.rows += len(values)
        self.nulls += values.null_count

    def decide(self) -> ColumnDecision:
        chosen, spelling, note = find_plain_type(self.source.type), None, ""
        failures: tuple[Failure, ...] = ()
        if is_text(self.source.type):
            chosen, spelling, note = self._choose()
            failures = tuple(
                Failure(trial.family, trial.failed, *trial.first)
                for trial in self.trials
                if trial.first is not None and trial.matched and chosen == pa.string()
            )
        return ColumnDecision(
            self.source.name,
            self.source.type,
            chosen,
            self.rows,
            self.nulls,
            self.has_blanks,
            self.has_null_tokens,
            spelling,
            failures=failures,
            note=note,
        )

    def _clean(self, text: pa.Array) -> pa.Array:
        if self.trim:
            trimmed = trim_text(text)
            self.has_blanks |= trimmed is not text
            text = trimmed
        values = drop_null_tokens(text, self.null_tokens)
        self.has_null_tokens |= values is not text
        return values

    def _choose(self) -> tuple[pa.DataType, Spelling | None, str]:
        if self.nulls == self.rows:
            return pa.string(), None, "all null" if self.rows else "no rows"
        for trial in self.trials:
            if trial.failed or not trial.matched:
                continue
            found = trial.evidence.decide()
            if isinstance(found, pa.DataType):
                return found, None, ""
            if found is not None:
                spelling = Spelling(found.thousands) if found.thousands else None
                return found.type, spelling, found.note
        return pa.string(), None, ""
