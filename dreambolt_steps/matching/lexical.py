"""How alike two texts are by their letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dreambolt_steps.errors import MissingPackageError


def compare_letters(left: Sequence[str | None], right: Sequence[str | None]) -> np.ndarray:
    """Compare texts pair by pair, whatever the case, the order of words and punctuation.

    Args:
        left, right: texts, equally many.

    Returns: float32 from 0 to 1 (rapidfuzz's token_sort_ratio); 0 where one is None or has neither
    letters nor digits.
    Raises: UsageError when rapidfuzz is not installed.

    >>> compare_letters(["Diego MARADONA"], ["maradona, diego"]).tolist()
    [1.0]
    """
    fuzz, process, clean = _import_rapidfuzz()
    if not len(left):
        return np.empty(0, np.float32)
    told = [[clean(text or "") for text in side] for side in (left, right)]
    scores = process.cpdist(*told, scorer=fuzz.token_sort_ratio, dtype=np.float32, workers=-1)
    speak = np.array([bool(one and other) for one, other in zip(*told, strict=True)])
    return np.where(speak, np.asarray(scores) / 100, 0).astype(np.float32)


def check_lexical() -> None:
    """Raise UsageError when rapidfuzz is not installed."""
    _import_rapidfuzz()


def _import_rapidfuzz() -> tuple[Any, Any, Any]:
    try:
        from rapidfuzz import fuzz, process, utils
    except ImportError as error:
        raise MissingPackageError(
            "the lexical score needs rapidfuzz; run: pip install 'dreambolt-steps[match]', or "
            "pass lexical=False"
        ) from error
    return fuzz, process, utils.default_process
