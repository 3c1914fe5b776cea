"""How much a run may spend on language models, and what is spent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_limits: list[float | None] = [None]


def current_spending_limit() -> float | None:
    """USD that each step may spend in this run and those before it; None without a limit."""
    return _limits[-1]


@contextmanager
def limit_spending(usd: float | None) -> Iterator[None]:
    """Stop every step inside the block before it has spent more than this, counted with its
    earlier runs. It stops with CostLimitError; what was answered is kept.

    Example:
        >>> with limit_spending(2.5):
        ...     current_spending_limit()
        2.5
    """
    _limits.append(usd)
    try:
        yield
    finally:
        _limits.pop()
