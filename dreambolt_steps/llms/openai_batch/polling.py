"""Patience with a batch at a provider: how often to look, and how long without contact."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from dreambolt_steps.errors import ModelError, TransientError

LONGEST_WAIT = 60.0
_FIRST_WAIT, _GROWTH = 0.5, 1.5
_LOST_CONTACTS = 30

Found = TypeVar("Found")


def choose_wait(number: int) -> float:
    """Seconds between one look at a batch and the next, growing from half a second to a minute.

    >>> choose_wait(0), choose_wait(100)
    (0.5, 60.0)
    """
    return min(LONGEST_WAIT, _FIRST_WAIT * _GROWTH ** min(number, 20))


def keep_asking(ask: Callable[[], Found]) -> Found:
    """Ask again while the provider can't be reached: a batch goes on meanwhile.

    Raises: ModelError after half an hour.
    """
    for number in range(_LOST_CONTACTS):
        try:
            return ask()
        except TransientError as error:
            lost = error
            time.sleep(choose_wait(number))
    raise ModelError(f"{lost}; batches go on there, run the same again to collect them")
