"""Which delimiters, quotes and escapes a text could have been written with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

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
_QUOTED = re.compile('"[^"]*"')


def list_delimiters(lines: Sequence[str], overrides: DialectOverrides) -> list[tuple[str, float]]:
    """List the delimiters that lines of text could have, each with its prior (0 to 1), the common
    ones first; "" is none at all. What the caller knows is all there is.

    Args:
        lines: of the text's head, without their ends.
    """
    if overrides.delimiter is not None:
        return [(overrides.delimiter, 1.0)]
    bare = [_QUOTED.sub('""', line) for line in lines]
    found = [
        (delimiter, prior)
        for delimiter, prior in _SINGLE.items()
        if max(_measure_regularity(bare, delimiter), _measure_regularity(lines, delimiter))
        >= _MIN_SHARE
    ]
    runs: Counter[str] = Counter()
    for line, rest in zip(lines, bare, strict=True):
        runs.update({*_SEVERAL.findall(line), *_SEVERAL.findall(rest)})
    for run, count in runs.most_common(6):
        if count >= max(0.5 * len(lines), 1) and run not in _SINGLE:
            found.append((run, _SEVERAL_PRIOR))
    return [*found, ("", 1.0)]


def _measure_regularity(lines: Sequence[str], delimiter: str) -> float:
    """Return the share of the lines that hold it as often as most of those that do."""
    counts = Counter(line.count(delimiter) for line in lines)
    del counts[0]
    return max(counts.values(), default=0) / max(len(lines), 1)


def list_quotings(
    lines: Sequence[str], delimiter: str, overrides: DialectOverrides
) -> Iterator[Dialect]:
    """Yield the dialects of one delimiter, with every quote and escape the lines could have; the
    standard ones first."""
    text = "\n".join(lines)
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
