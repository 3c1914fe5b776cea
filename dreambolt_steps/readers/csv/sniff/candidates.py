"""Which delimiters, quotes and escapes a text could have been written with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from dreambolt_steps.readers.csv.sniff.dialect import Dialect, DialectOverrides

# The prior of each: what people choose on purpose comes before what occurs in any text.
_SINGLE = (
    {",": 1.0, ";": 1.0, "\t": 1.0, "|": 1.0, "\x1f": 1.0, "\x01": 1.0}
    | {" ": 0.6, ":": 0.6, "&": 0.6, "=": 0.5, "*": 0.6}
    | dict.fromkeys("^~§¦\x1e\x1d\x1c\x02", 0.8)
)
_SEVERAL_PRIOR = 0.95
_SEVERAL = re.compile(r"[,;|:~^&*=<>#@!%+§¦]{2,4}|\t{2,4}| ?[,;|] +|\t +| +\t")
_MIN_SHARE = 0.2
_MOST_LINES = 60
_MOST_CHARACTERS = 1 << 18
_QUOTED = re.compile('"[^"]*(?:"|$)')


def list_delimiters(text: str, overrides: DialectOverrides) -> list[tuple[str, float]]:
    """List the delimiters that a text could have, each with its prior (0 to 1), the common ones
    first; "" is none at all. What the caller knows is all there is."""
    if overrides.delimiter is not None:
        return [(overrides.delimiter, 1.0)]
    lines = _list_lines(text)
    views = [lines]
    if '"' in text:
        views.append([_QUOTED.sub('""', line) for line in lines])
        views.append(_list_lines(_QUOTED.sub('""', text[:_MOST_CHARACTERS])))
    found = [
        (delimiter, prior)
        for delimiter, prior in _SINGLE.items()
        if max(_measure_regularity(view, delimiter) for view in views) >= _MIN_SHARE
    ]
    runs: Counter[str] = Counter()
    for view in views:
        counts = Counter(run for line in view for run in {*_SEVERAL.findall(line)})
        least = max(0.5 * len(view), 1)
        runs |= Counter({run: count for run, count in counts.items() if count >= least})
    found += [(run, _SEVERAL_PRIOR) for run, _ in runs.most_common(6) if run not in _SINGLE]
    return [*found, ("", 1.0)]


def _list_lines(text: str) -> list[str]:
    lines = (line for line in re.split(r"\r\n?|\n", text[:_MOST_CHARACTERS]) if line.strip())
    return list(islice(lines, _MOST_LINES))


def _measure_regularity(lines: Sequence[str], delimiter: str) -> float:
    """Return the share of the lines that hold it as often as most of those that do."""
    counts = Counter(line.count(delimiter) for line in lines)
    del counts[0]
    return max(counts.values(), default=0) / max(len(lines), 1)


def list_quotings(text: str, delimiter: str, overrides: DialectOverrides) -> Iterator[Dialect]:
    """Yield the dialects of one delimiter, with every quote and escape the text could have; the
    standard ones first."""
    for quote in _list_quotes(text, delimiter, overrides):
        for escape in _list_escapes(text, delimiter, quote, overrides):
            yield Dialect(delimiter, quote, escape)


def _list_quotes(text: str, delimiter: str, overrides: DialectOverrides) -> Iterator[str]:
    if overrides.quote is not None:
        yield overrides.quote
        return
    yield '"'
    d = re.escape(delimiter)
    for quote in "'`":
        opened = re.search(rf"(?:^|{d}) *{quote}", text, re.MULTILINE)
        if opened and re.search(rf"{quote} *(?:{d}|$)", text, re.MULTILINE):
            yield quote
    if '"' in text:
        yield ""


def _list_escapes(
    text: str, delimiter: str, quote: str, overrides: DialectOverrides
) -> Iterator[str]:
    if overrides.escape is not None:
        yield overrides.escape
        return
    yield quote
    if (quote and "\\" + quote in text) or (delimiter and "\\" + delimiter in text):
        yield "\\"
