"""The types of text columns, found over all rows, each with its evidence."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from dreambolt_steps.tables.column_types import find_plain_type
from dreambolt_steps.tables.decision import ColumnDecision, ColumnWarning
from dreambolt_steps.tables.inference.families import list_trials
from dreambolt_steps.tables.inference.mend_evidence import MendEvidence
from dreambolt_steps.tables.inference.null_evidence import NullEvidence
from dreambolt_steps.tables.inference.number_evidence import NumberEvidence
from dreambolt_steps.tables.inference.question import Question
from dreambolt_steps.tables.inference.semantics import SemanticEvidence
from dreambolt_steps.tables.inference.trial import pick_values
from dreambolt_steps.tables.inference.verdict import Verdict
from dreambolt_steps.tables.text.blanks import drop_values, is_text, trim_text
from dreambolt_steps.tables.text.number_text import take_sign
from dreambolt_steps.tables.text.text_look import TextLook


def infer_types(
    open_reader: Callable[[], pa.RecordBatchReader],
    questions: Sequence[Question] | None = None,
    places: Sequence[int] | None = None,
) -> list[ColumnDecision]:
    """Find the type of every text column over all rows, in one pass; typed columns keep theirs.

    A type is chosen only when every value that is not null, typed and printed again, is equal to
    the text:

    - whole numbers of the narrowest int, beyond int64 decimal(38,0); decimals with the largest
      scale seen; float64 where exponents or infinities occur;
    - with thousands set apart and a decimal comma, where the values of the whole column leave no
      doubt: "1,234.5", "1.234,5", "1 234,5", "1'234.5", "1.045.246";
    - true and false, yes and no;
    - days and moments: ISO, day or month first (a day beyond the twelfth tells), English names of
      months, with offsets (then UTC); times of day.

    What has two readings, such as "1.234" or "01/02/2024" alone, stays text, with a warning. Codes
    such as "007" or "+49" stay text.

    Args:
        open_reader: opens the table anew; read once, batch by batch.
        questions: what is known and asked of each column, in order; default: nothing special.
        places: of the columns to look at, 0-based; default: all.

    Returns: a decision for each of these columns, in order.

    >>> table = pa.table({"n": ["1", " 2 ", "NA"], "code": ["007", "8", "9"]})
    >>> [str(d.type) for d in infer_types(lambda: table.to_reader())]
    ['int8', 'string']
    """
    reader = open_reader()
    picked = list(range(len(reader.schema)) if places is None else places)
    asked = questions or [Question()] * len(picked)
    columns = [_Column(reader.schema.field(at), one) for at, one in zip(picked, asked, strict=True)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for batch in reader:
            list(pool.map(_Column.include, columns, [batch.column(at) for at in picked]))
    return [column.decide() for column in columns]


class _Column:
    """Everything seen of one column."""

    def __init__(self, source: pa.Field, question: Question) -> None:
        self._source = source
        self._question = question
        self._tokens = NullEvidence(question.null_tokens, question.text_tokens)
        self._trials = list_trials(source.name, question) if is_text(source.type) else []
        self._semantics = SemanticEvidence()
        self._mends = MendEvidence(question.repair, question.normalize)
        self._rows = self._nulls = 0
        self._has_blanks = False
        # Whether digits can be nothing but numbers: no null token, no truth value, no signs.
        told = (*question.null_tokens, *question.true_words, *question.false_words)
        self._may_be_wholes = not question.sign and not any(
            character.isdigit() for word in told for character in word
        )

    def include(self, values: pa.Array) -> None:
        """Look at a batch."""
        if is_text(self._source.type):
            self._include_text(values.cast(pa.string()))
        self._rows += len(values)
        self._nulls += values.null_count

    def _include_text(self, text: pa.Array) -> None:
        look = TextLook(text)
        if self._include_wholes(text, look):
            return
        mended = self._mends.include(text, look, self._rows)
        if mended is not text:
            text, look = mended, TextLook(mended)
        if self._question.trim:
            trimmed = trim_text(text, look)
            if trimmed is not text:
                text, look, self._has_blanks = trimmed, TextLook(trimmed), True
        found = self._tokens.include(text, look)
        trials = [trial for trial in self._trials if not trial.is_hopeless]
        if not trials and not self._semantics.is_open:
            return
        kept = self._tokens.drop_from_text(text, found)
        if found is not None:
            text = drop_values(text, found)
            look = TextLook(text)
        bare, bare_look = text, look
        if self._question.sign and trials:
            bare = take_sign(text, self._question.sign)[0]
            bare_look = TextLook(bare)
        picked = [] if all(trial.matched for trial in trials) else pick_values(bare)
        for trial in trials:
            trial.include(bare, bare_look, self._rows, picked)
            if trial.fits:  # then no other family does
                for other in self._trials:
                    other.is_hopeless |= other is not trial
                break
        if all(trial.is_hopeless for trial in trials):
            self._semantics.include(text, look, kept)
        else:
            self._semantics.rule_out()

    def _include_wholes(self, text: pa.Array, look: TextLook) -> bool:
        """Count a batch that holds nothing but plain whole numbers, as whole columns do, at the
        price of a cast; return whether it does."""
        if not self._trials or not self._may_be_wholes or self._trials[0].is_hopeless:
            return False
        numbers, *others = self._trials
        evidence = numbers.evidence
        if not isinstance(evidence, NumberEvidence) or not evidence.include_wholes(text, look):
            return False
        numbers.matched += len(text) - text.null_count
        for trial in others:
            trial.is_hopeless = True
        self._semantics.rule_out()
        return True

    def decide(self) -> ColumnDecision:
        """Choose the type, and tell why."""
        source = self._source
        if not is_text(source.type):
            kind = find_plain_type(source.type)
            return ColumnDecision(source.name, source.type, kind, self._rows, self._nulls)
        verdict, warnings = self._choose()
        semantic, categories = self._semantics.decide()
        kind = verdict.type or pa.string()
        wanted = self._question.wanted
        stays_text = ((wanted.type if wanted else None) or kind) == pa.string()
        told = (wanted.semantic if wanted else None) or semantic
        has_words = stays_text and told not in ("uuid", "json")
        ruled_out = stays_text or wanted is not None
        failures = [trial.get_failure() for trial in self._trials if ruled_out]
        return ColumnDecision(
            source.name,
            source.type,
            kind,
            self._rows,
            self._nulls + self._tokens.count(in_text=has_words),
            has_blanks=self._has_blanks,
            has_null_tokens=bool(self._tokens.count(in_text=has_words)),
            spelling=verdict.spelling,
            semantic=semantic if stays_text else None,
            categories=categories if stays_text else (),
            failures=tuple(one for one in failures if one is not None),
            warnings=(
                *warnings,
                *(self._ask_about_words() if has_words and not wanted else ()),
                *self._mends.list_warnings(),
            ),
            null_words=self._tokens.list_words(in_text=has_words),
            note="; ".join(note for note in (verdict.note, self._mends.note) if note),
        )

    def _ask_about_words(self) -> list[ColumnWarning]:
        """Ask about words that may mean NULL, such as the only ones among numbers."""
        for trial in self._trials:
            if strangers := trial.find_strangers():
                return self._tokens.warn(self._source.name, strangers, trial.evidence.family)
        return self._tokens.warn(self._source.name, {})

    def _choose(self) -> tuple[Verdict, tuple[ColumnWarning, ...]]:
        if self._nulls + self._tokens.count(in_text=True) == self._rows:
            return Verdict(note="all null" if self._rows else "no rows"), ()
        verdicts = [trial.decide() for trial in self._trials]
        for verdict in verdicts:
            if verdict.type is not None:
                return verdict, verdict.warnings
        return Verdict(), tuple(one for verdict in verdicts for one in verdict.warnings)
