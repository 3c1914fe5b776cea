"""Which families of types are tried on a column."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from dreambolt_steps.tables.inference.boolean_evidence import BooleanEvidence
from dreambolt_steps.tables.inference.moment_evidence import MomentEvidence
from dreambolt_steps.tables.inference.number_evidence import NumberEvidence
from dreambolt_steps.tables.inference.question import Question
from dreambolt_steps.tables.inference.sign_evidence import SignEvidence
from dreambolt_steps.tables.inference.time_evidence import TimeEvidence
from dreambolt_steps.tables.inference.trial import Evidence, Trial
from dreambolt_steps.tables.text.convert import FALSE_WORDS, TRUE_WORDS
from dreambolt_steps.tables.text.text_look import make_byte_set

_DIGITS = b"0123456789"
_ANY = make_byte_set(range(256))
_NUMBER_STARTS, _NUMBER_ENDS = (
    make_byte_set(_DIGITS + b"+-.,iInN"),
    make_byte_set(_DIGITS + b"fFyYnN"),
)
_MOMENT_STARTS = make_byte_set(_DIGITS + b"adfjmnostwADFJMNOSTW")
_MOMENT_ENDS = make_byte_set(_DIGITS + b"zZtTcCmM.")
# Signs are $ or begin with C2 (£, ¥) or E2 (€, ₹) in UTF-8; codes are USD, kr, zł and the like.
_CURRENCY_STARTS = make_byte_set(_DIGITS + b"-($\xc2\xe2UEGCJIANSDPHRTBMKFkz")
_CURRENCY_ENDS = make_byte_set([*_DIGITS, *b")$DRPFYNKBHLSrt.", *range(0x80, 0xC0)])
_PERCENT_STARTS = make_byte_set(_DIGITS + b"-.,+")
_TIME_STARTS, _TIME_ENDS = make_byte_set(_DIGITS), make_byte_set(_DIGITS + b"mM.")


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
    firsts = {one.encode()[:1] for word in words for one in (word.lower(), word.upper())}
    plain = all(word.isascii() for word in words)
    bounds = {
        "number": (_NUMBER_STARTS, _NUMBER_ENDS),
        "moment": (_MOMENT_STARTS, _MOMENT_ENDS),
        "time": (_TIME_STARTS, _TIME_ENDS),
        "currency": (_CURRENCY_STARTS, _CURRENCY_ENDS),
        "percent": (_PERCENT_STARTS, make_byte_set(b"%")),
        "boolean": (make_byte_set(b"".join(firsts)) if plain else _ANY, _ANY),
    }
    asked = question.wanted is not None
    return [Trial(families[name], *bounds[name], is_asked=asked) for name in _pick(question)]


def _pick(question: Question) -> tuple[str, ...]:
    wanted = question.wanted
    if wanted is None:
        return ("number", "moment", "time", "boolean", "currency", "percent")
    kind = wanted.type
    if kind is None or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return ("number",)
    if pa.types.is_decimal(kind):
        return ("number",)
    return ("moment",) if pa.types.is_date(kind) or pa.types.is_timestamp(kind) else ()
