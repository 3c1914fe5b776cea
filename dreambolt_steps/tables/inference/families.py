"""Which families of types are tried on a column."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa

from dreambolt_steps.tables.inference.boolean_evidence import BooleanEvidence
from dreambolt_steps.tables.inference.number_evidence import NumberEvidence
from dreambolt_steps.tables.inference.question import Question
from dreambolt_steps.tables.inference.sign_evidence import SignEvidence
from dreambolt_steps.tables.inference.time_evidence import TimeEvidence
from dreambolt_steps.tables.inference.timestamp_evidence import MomentEvidence
from dreambolt_steps.tables.inference.trial import Evidence, Trial
from dreambolt_steps.tables.text.convert import FALSE_WORDS, TRUE_WORDS

# What values of a family look like at least; what they really are is for the evidence to say.
_NUMBER = re.compile(
    r"[+-]?[\d.,'’ \u00a0\u202f\u2009]*\d(?:e[+-]?\d+)?|[+-]?inf(?:inity)?|nan", re.I
)
_MOMENT = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d|"
    r"(?=.*\d.*\d).*(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
    re.I,
)
_TIME = re.compile(r"\d{1,2}:\d\d")
_CURRENCY = re.compile(r"[^\w\s].*\d|[a-z]{2,3}[$]?[ \u00a0-]?[\d.]|.*\d.*[^\d.,]", re.I)


def list_trials(column: str, question: Question) -> list[Trial]:
    """Make the trials for a column: all families, or the one of the type that was asked for.

    Args:
        column: its name, for warnings.
        question: what is known and asked of it.
    """
    families: dict[str, Callable[[], Evidence]] = {
        "number": lambda: NumberEvidence(column, question.decimal_separator),
        "moment": lambda: MomentEvidence(column, question.day_first),
        "time": lambda: TimeEvidence(column),
        "currency": lambda: SignEvidence(column, "currency", question.decimal_separator),
        "percent": lambda: SignEvidence(column, "percent", question.decimal_separator),
        "boolean": lambda: BooleanEvidence(question.true_words, question.false_words),
    }
    words = (*TRUE_WORDS, *FALSE_WORDS, *question.true_words, *question.false_words)
    lower = {word.lower() for word in words}
    looks: dict[str, Callable[[str], object]] = {
        "number": _NUMBER.fullmatch,
        "moment": _MOMENT.match,
        "time": _TIME.match,
        "currency": _CURRENCY.match,
        "percent": lambda value: value.endswith("%"),
        "boolean": lambda value: value.lower() in lower,
    }
    asked = question.wanted is not None
    return [Trial(families[name], looks[name], is_asked=asked) for name in _pick(question)]


def _pick(question: Question) -> tuple[str, ...]:
    wanted = question.wanted
    if wanted is None:
        return ("number", "moment", "time", "boolean", "currency", "percent")
    kind = wanted.type
    if wanted.format is not None:
        return ()
    if kind is None or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return ("number",)
    if pa.types.is_decimal(kind):
        return ("number",)
    return ("moment",) if pa.types.is_date(kind) or pa.types.is_timestamp(kind) else ()
