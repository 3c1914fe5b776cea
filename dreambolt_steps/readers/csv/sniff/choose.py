"""Chooses the delimiter, quote and escape that fit a text best."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from dreambolt_steps.readers.csv.scan.records import RecordSplitter
from dreambolt_steps.readers.csv.sniff.candidates import list_delimiters, list_quotings
from dreambolt_steps.readers.csv.sniff.dialect import Dialect, DialectOverrides
from dreambolt_steps.readers.csv.sniff.score import Score, score_records

_FIRST_LINES = 60
_MORE_LINES = 200
_FINALISTS = 4


def choose_dialect(text: str, overrides: DialectOverrides) -> list[Score]:
    """Score the dialects that the head of a file could have; the best comes first.

    Every delimiter is tried on the first lines, the best of them with every quote and escape on
    more lines.

    Args:
        text: the head of a file, cut at a line end.
        overrides: what is known already.

    Returns: at least one score.
    """
    lines = [line for line in re.split(r"\r\n?|\n", text[: 1 << 18]) if line.strip()]
    few, more = lines[:_FIRST_LINES], lines[:_MORE_LINES]
    first = []
    for delimiter, prior in list_delimiters(few, overrides):
        dialect = next(iter(list_quotings(few, delimiter, overrides)))
        first.append((_score(dialect, prior, few), prior))
    first.sort(key=lambda scored: -scored[0].total)
    clear = _is_clear(first, few, overrides)
    if clear and (len(more) == len(few) or overrides.is_complete):
        return [score for score, _ in first]
    finalists = first[: 1 if clear else _FINALISTS]
    scores = [
        _score(dialect, prior, more)
        for score, prior in finalists
        for dialect in list_quotings(more, score.dialect.delimiter, overrides)
    ]
    scores.sort(key=lambda score: -score.total)
    best = _prefer_standard(scores[0], scores, more)
    scores.remove(best)
    return [best, *scores, *(score for score, _ in first[len(finalists) :])]


def _is_clear(
    first: Sequence[tuple[Score, float]], lines: Sequence[str], overrides: DialectOverrides
) -> bool:
    """Whether one dialect fits every record, and no other delimiter, quote or escape comes near."""
    best = first[0][0]
    if best.width == 1 or best.share < 1 or best.broken:
        return False
    quotings = list_quotings(lines, best.dialect.delimiter, overrides)
    if sum(bool(dialect.quote) for dialect in quotings) > 1:
        return False
    return len(first) == 1 or best.total > 1.2 * first[1][0].total


def _prefer_standard(best: Score, scores: Sequence[Score], lines: Sequence[str]) -> Score:
    """Return the dialect to take where scores are near: no quote or a backslash only if that heals
    most of what is broken otherwise; a longer delimiter where every field has it."""
    for other in scores:
        dialect = other.dialect
        if _is_sound_without(best, other):
            best = other
            continue
        lead = 0.01 if " " in dialect.delimiter else 0.05
        if other.width != best.width or other.share < best.share - lead:
            continue
        same = dialect.delimiter == best.dialect.delimiter
        if same and dialect.quote == '"' and not best.dialect.quote:
            if other.broken < 0.3 or _encloses(lines, dialect.delimiter):
                best = other
        elif same and dialect.quote == dialect.escape == best.dialect.quote:
            is_sound = not other.broken and other.share >= best.share  # nothing to be healed
            if best.dialect.escape == "\\" and (is_sound or best.broken > 0.5 * other.broken):
                best = other
        elif len(dialect.delimiter) > 1 and best.dialect.delimiter in dialect.delimiter:
            best = other if dialect.quote == best.dialect.quote else best
    return best


def _is_sound_without(best: Score, other: Score) -> bool:
    """Whether a backslash breaks records that are all sound, and alike, without it."""
    one, two = best.dialect, other.dialect
    is_rival = one.delimiter == two.delimiter and one.escape == "\\"
    is_rival = is_rival and two.quote == two.escape == one.quote
    return is_rival and best.broken > 0 and not other.broken and other.share == 1


def _score(dialect: Dialect, prior: float, lines: Sequence[str]) -> Score:
    text = "\n".join(lines)
    records = list(islice(RecordSplitter(dialect).split(text), len(lines)))
    return score_records(dialect, prior, text, records)


def _encloses(lines: Sequence[str], delimiter: str) -> bool:
    """Whether most fields that begin with a double quote end with one, too."""
    fields = [field for line in lines for field in line.split(delimiter or None)]
    opened = [field for field in fields if field.startswith('"')]
    return 2 * sum(len(field) > 1 and field.endswith('"') for field in opened) >= len(opened)
