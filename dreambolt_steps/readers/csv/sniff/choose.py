"""Chooses the delimiter, quote and escape that fit a text best."""

from __future__ import annotations

from collections.abc import Sequence

from dreambolt_steps.readers.csv.scan.records import RecordSplitter
from dreambolt_steps.readers.csv.sniff.candidates import list_delimiters, list_quotings
from dreambolt_steps.readers.csv.sniff.dialect import Dialect, DialectOverrides
from dreambolt_steps.readers.csv.sniff.head import Head, find_record_ends
from dreambolt_steps.readers.csv.sniff.score import Score, score_records
from dreambolt_steps.readers.text import text_bytes

_FIRST_RECORDS = 60
_MORE_RECORDS = 200
_FINALISTS = 4
_GOOD_SHARE = 0.9
_GOOD_SCORE = 0.6


def choose_dialect(head: Head, overrides: DialectOverrides) -> list[Score]:
    """Score the dialects that the head of a file could have; the best comes first.

    Every delimiter is tried on the first records, the best of them with every quote and escape on
    more records. Where none makes a table of them, the last records of the head decide, if they
    make one: then the table stands behind a long preamble.

    Args:
        head: of the file.
        overrides: what is known already.

    Returns: at least one score.
    """
    scores = _score_head(head, overrides)
    best = scores[0]
    if overrides.delimiter is not None or (best.width > 2 and best.share >= _GOOD_SHARE):
        return scores
    body = head.take_last(_FIRST_RECORDS, overrides.quote if overrides.quote is not None else '"')
    if body is None:
        return scores
    further = _score_head(body, overrides)
    found = further[0]
    is_table = found.width > max(best.width, 2) and found.share >= _GOOD_SHARE
    return further if is_table and found.total > max(best.total, _GOOD_SCORE) else scores


def _score_head(head: Head, overrides: DialectOverrides) -> list[Score]:
    few, more = _cut(head.text, _FIRST_RECORDS), _cut(head.text, _MORE_RECORDS)
    first = []
    for delimiter, prior in list_delimiters(few, overrides):
        dialect = next(iter(list_quotings(few, delimiter, overrides)))
        first.append((_score(dialect, prior, head, _FIRST_RECORDS), prior))
    first.sort(key=lambda scored: (not scored[0].is_proven, -scored[0].total))
    clear = _is_clear(first, few, overrides)
    if clear and (len(more) == len(few) or overrides.is_complete):
        return [score for score, _ in first]
    finalists = first[: 1 if clear else _FINALISTS]
    scores = [
        _score(dialect, prior, head, _MORE_RECORDS)
        for score, prior in finalists
        for dialect in list_quotings(more, score.dialect.delimiter, overrides)
    ]
    scores.sort(key=lambda score: (not score.is_proven, -score.total))
    rivals = [score for score in scores if score.is_proven] or scores
    best = _prefer_standard(scores[0], rivals, more)
    scores.remove(best)
    return [best, *scores, *(score for score, _ in first[len(finalists) :])]


def _cut(text: str, records: int) -> str:
    """Return so many records, as balanced double quotes tell them."""
    ends = find_record_ends(text_bytes.encode(text), b'"')
    return (
        text
        if len(ends) <= records
        else text_bytes.decode(text_bytes.encode(text)[: int(ends[records - 1]) + 1])
    )


def _is_clear(first: Sequence[tuple[Score, float]], text: str, overrides: DialectOverrides) -> bool:
    """Whether one dialect fits every record, and no other delimiter, quote or escape comes near."""
    best = first[0][0]
    if best.width == 1 or best.share < 1 or best.broken:
        return False
    quotings = list_quotings(text, best.dialect.delimiter, overrides)
    if sum(bool(dialect.quote) for dialect in quotings) > 1:
        return False
    return len(first) == 1 or best.total > 1.2 * first[1][0].total


def _prefer_standard(best: Score, scores: Sequence[Score], text: str) -> Score:
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
            if other.broken < 0.3 or _encloses(text, dialect.delimiter):
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


def _score(dialect: Dialect, prior: float, head: Head, most: int) -> Score:
    splitter = RecordSplitter(dialect)
    records = head.list_records(splitter, 0, most)
    text = head.text[: records[-1].next]
    return score_records(dialect, prior, text, records, splitter)


def _encloses(text: str, delimiter: str) -> bool:
    """Whether most fields that begin with a double quote end with one, too."""
    fields = [field for line in text.splitlines() for field in line.split(delimiter or None)]
    opened = [field for field in fields if field.startswith('"')]
    return 2 * sum(len(field) > 1 and field.endswith('"') for field in opened) >= len(opened)
