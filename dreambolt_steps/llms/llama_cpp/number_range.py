"""The whole numbers of a range as a llama.cpp grammar."""

from __future__ import annotations


def write_range(low: int, high: int) -> str:
    """A rule's right side that allows the whole numbers from `low` to `high`, and nothing else.

    >>> write_range(7, 23)
    '([7-9] | ("1" [0-9] | "2" [0-3]))'
    >>> write_range(-3, 120)
    '("-" [1-3] | [0-9] | [1-9] [0-9] | "1" ([0-1] [0-9] | "2" "0"))'
    """
    options = []
    if low < 0:
        options.append(f'"-" {_write_sizes(max(1, -high), -low)}')
    if high >= 0:
        options.append(_write_sizes(max(0, low), high, bare=True))
    return "(" + " | ".join(options) + ")"


def _write_sizes(low: int, high: int, *, bare: bool = False) -> str:
    """Numbers without a sign, those of each count of digits by themselves."""
    options = []
    for size in range(len(str(low)), len(str(high)) + 1):
        first = max(low, 10 ** (size - 1) if size > 1 else 0)
        options.append(_write_digits(str(first), str(min(high, 10**size - 1))))
    return " | ".join(options) if bare or len(options) == 1 else f"({' | '.join(options)})"


def _write_digits(low: str, high: str) -> str:
    """Digits from `low` to `high`, which are of one length."""
    first, last, rest = int(low[0]), int(high[0]), len(low) - 1
    if not rest:
        return _write_class(first, last)
    if first == last:
        return f"{_write_class(first, last)} {_write_digits(low[1:], high[1:])}"
    options = []
    if low[1:] != "0" * rest:
        options.append(f"{_write_class(first, first)} {_write_digits(low[1:], '9' * rest)}")
        first += 1
    whole = last if high[1:] == "9" * rest else last - 1
    if first <= whole:
        options.append(f"{_write_class(first, whole)} {' '.join(['[0-9]'] * rest)}")
    if whole < last:
        options.append(f"{_write_class(last, last)} {_write_digits('0' * rest, high[1:])}")
    return options[0] if len(options) == 1 else f"({' | '.join(options)})"


def _write_class(first: int, last: int) -> str:
    return f'"{first}"' if first == last else f"[{first}-{last}]"
