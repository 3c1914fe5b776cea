"""How good synthetic rows have to be: `--min-quality`.

Inside `require_quality()` every AssessSynthesis step, whether it runs or comes from the cache,
stops the run where the quality it found is lower, before the next step begins. The limit is no part
of a fingerprint: with a lower one the same run goes on from where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dreambolt_steps.errors import QualityLimitError, UsageError


@dataclass
class QualityLimit:
    """The lowest quality that a run bears.

    Attributes:
        lowest: 0 to 100.
        asked: how many assessments were held to it.
    """

    lowest: float
    asked: int = 0


_current: list[QualityLimit] = []


def is_quality_required() -> bool:
    """Whether the run asks for a quality."""
    return bool(_current)


def check_quality(step: str, score: float, words: str, lowest: float | None = None) -> None:
    """Hold the quality that a step found to the limits there are.

    Args:
        step: its name.
        score: 0 to 100.
        words: what the score is made of.
        lowest: the step's own limit.

    Raises: QualityLimitError: it is lower.
    """
    limits = [(lowest, "min_quality")] if lowest is not None else []
    if _current:
        _current[-1].asked += 1
        limits.append((_current[-1].lowest, "--min-quality"))
    for limit, option in limits:
        if score < limit:
            raise QualityLimitError(
                f"{step}: the synthetic rows have a quality of {score:g} of 100, and {option} asks "
                f"for {limit:g}; {words}; nothing more is exported or loaded; a lower limit goes "
                "on from here"
            )


@contextmanager
def require_quality(lowest: float) -> Iterator[QualityLimit]:
    """Stop the steps inside the block where synthetic rows are of a lower quality.

    Args:
        lowest: 0 to 100, as AssessSynthesis counts.

    Raises: UsageError for another limit, or where no step has assessed anything; QualityLimitError,
        from the step that finds a lower quality.

    Example:
        >>> with require_quality(0) as limit:
        ...     check_quality("assess", 91.5, "")
        >>> limit.asked
        1
    """
    if not 0 <= lowest <= 100:
        raise UsageError(f"--min-quality {lowest:g}: a number from 0 to 100")
    entered = QualityLimit(lowest)
    _current.append(entered)
    try:
        yield entered
    finally:
        _current.remove(entered)
    if not entered.asked:
        raise UsageError(
            f"--min-quality {lowest:g} was not looked at: no AssessSynthesis step ran; add one "
            "after SynthesizeRows"
        )


__all__ = ["QualityLimit", "check_quality", "is_quality_required", "require_quality"]
