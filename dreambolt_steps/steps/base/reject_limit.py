"""How many rejected rows a run bears: half of those read, or what `--max-rejects` says.

Inside `limit_rejects()` every step of this package counts its rejects, whether it runs or comes
from the cache; the first one that goes over the limit stops the run, before the next step begins.
The limit is no part of a fingerprint: with a higher one the same run goes on from where it was.

Without one a step stops the run when more than half of the rows that were read for it are rejected,
by it and the steps above it: such a table is hardly what was meant. Rows that were dropped because
they repeat others do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dreambolt_steps.errors import RejectLimitError, UsageError
from dreambolt_steps.findings.rejected_rows import suggest_remedy
from dreambolt_steps.log import Receipt

_WRITTEN = re.compile(r"(\d+)|(\d+(?:\.\d+)?|\.\d+) ?%")
_SHOWN_REASONS = 3


@dataclass
class RejectLimit:
    """The most rejected rows of a run.

    Attributes:
        text: as it was written: `100`, or `1%` of the rows that were read.
        rows: the most rows; None for a share.
        share: the largest share of the rows read so far, 0 to 1; None for a number of rows.
        receipts: of the steps that are done.
    """

    text: str
    rows: int | None
    share: float | None
    receipts: list[Receipt] = field(default_factory=list)

    def include(self, receipt: Receipt) -> None:
        """Count a finished step.

        Raises: RejectLimitError with counts, the first reasons, and where the rejects are.
        """
        self.receipts.append(receipt)
        if not receipt.rows_rejected:
            return
        sources = [one for one in self.receipts if one.kind == "LoadTable"] or self.receipts[:1]
        read = sum(one.rows_in for one in sources)
        rejected = sum(one.rows_rejected for one in self.receipts)
        most = self.rows if self.rows is not None else (self.share or 0) * read
        if rejected > most:
            raise RejectLimitError(_complain(self.text, rejected, read, self.receipts))


def parse_limit(text: str | int) -> RejectLimit:
    """Read a limit: a number of rows, or a share of the rows read.

    Raises: UsageError for anything else.

    >>> parse_limit("0.5%").share
    0.005
    """
    found = _WRITTEN.fullmatch(str(text).strip())
    if found is None or (found[2] and float(found[2]) > 100):
        raise UsageError(
            f"--max-rejects {text}: write a number of rows, or a share such as 1% of those read"
        )
    if found[1]:
        return RejectLimit(str(text), int(found[1]), None)
    return RejectLimit(str(text), None, float(found[2]) / 100)


_current: list[RejectLimit] = []


def current_limit() -> RejectLimit | None:
    """The limit that holds now, if any."""
    return _current[-1] if _current else None


@contextmanager
def limit_rejects(limit: str | int) -> Iterator[RejectLimit]:
    """Stop the steps inside the block as soon as they have rejected more than so many rows.

    Args:
        limit: a number of rows (`100`), or a share of the rows read (`"1%"`). 0 allows none.

    Raises: UsageError for another limit; RejectLimitError, from the step that goes over it.

    Example:
        >>> with limit_rejects("1%") as limit:
        ...     limit.share
        0.01
    """
    entered = parse_limit(limit)
    _current.append(entered)
    try:
        yield entered
    finally:
        _current.remove(entered)


def check_half(step: Any) -> None:
    """Stop a run in which no limit was set, when more than half of the rows read are rejected.

    Args:
        step: a step that is done.

    Raises: RejectLimitError, as with a limit.
    """
    if not step.receipt.rows_rejected:
        return  # a step above would have stopped the run
    steps = list(_walk_steps(step))
    read = sum(one.receipt.rows_in for one in steps if one.receipt.kind == "LoadTable")
    read = read or max(one.receipt.rows_in for one in steps)
    if 2 * sum(one.receipt.rows_rejected for one in steps) <= read:
        return
    rejected = sum(_count_unfit(one) for one in steps)
    if 2 * rejected > read:
        receipts = [one.receipt for one in reversed(steps)]
        raise RejectLimitError(_complain(None, rejected, read, receipts))


def _walk_steps(step: Any) -> Iterator[Any]:
    """A step of this package and those above it, each once."""
    waiting, seen = [step], set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen or not hasattr(one, "receipt"):
            continue
        seen.add(id(one))
        yield one
        waiting += [column.step for column in one.inputs.values() if column is not None]


def _count_unfit(step: Any) -> int:
    """The rows that a step rejected, less those that repeat others."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from dreambolt_steps.tables.rejects.schema import count_repeats

    kept = step.kept_rejects if step.receipt.rows_rejected else None
    if kept is None:
        return int(step.receipt.rows_rejected)
    rejects = kept if isinstance(kept, pa.Table) else pq.read_table(kept, columns=["reason"])
    return int(step.receipt.rows_rejected) - count_repeats(rejects)


def _complain(limit: str | None, rejected: int, read: int, receipts: Sequence[Receipt]) -> str:
    guilty = [one for one in receipts if one.rows_rejected]
    by_step = ", ".join(f"{one.rows_rejected:,} by {one.step}" for one in guilty)
    files = [one.rejects for one in guilty if one.rejects]
    more = f"more than the {limit} that --max-rejects allows" if limit else "more than half"
    told = [
        f"{rejected:,} of {read:,} rows read were rejected ({by_step}), {more}",
        *_list_reasons(files),
    ]
    if files:
        told.append(f"they are in {' and '.join(map(_shorten, files))}")
    worst = max(guilty, key=lambda one: one.rows_rejected)
    told += [remedy] if (remedy := suggest_remedy(worst)) else []
    told.append(
        "nothing more is exported or loaded; a higher limit goes on from here"
        if limit
        else "nothing is exported or loaded; correct the arguments or the files, or say how many"
        " may be rejected: --max-rejects 100%, in Python limit_rejects('100%')"
    )
    return "; ".join(told)


def _list_reasons(files: Sequence[str]) -> list[str]:
    from dreambolt_steps.tables.rejects.summary import summarize_rejects

    found = [one for one in summarize_rejects(files) if not one.kept]
    return [f"{one.told} ({one.count:,})" for one in found[:_SHOWN_REASONS]]


def _shorten(file: str) -> str:
    path, here = Path(file).absolute(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
