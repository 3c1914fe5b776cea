"""Rejects by reason, with the first of each: for a screen or a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambolt_steps.tables.rejects.reasons import ANOTHER_ROW, NAMED_ROW
from dreambolt_steps.tables.sql import open_duckdb

_MAX_CHARACTERS = 300


@dataclass(frozen=True)
class ReasonSummary:
    """What was rejected for one reason.

    Attributes:
        reason: what is wrong, in words.
        column: at fault; None for whole rows.
        kept: whether the rows were kept, without the value.
        count: rows, or values.
        examples: the first of them: file, line, value and raw as in the rejects.
    """

    reason: str
    column: str | None
    kept: bool
    count: int
    examples: tuple[dict[str, Any], ...]

    @property
    def told(self) -> str:
        """Column and reason."""
        return f"{self.column}: {self.reason}" if self.column else self.reason


def summarize_rejects(
    paths: Sequence[str | Path], *, reasons: int = 10, examples: int = 3
) -> list[ReasonSummary]:
    """Summarise rejects that were kept as Parquet; a reason that names another row in each of them
    ("duplicate of row 12") is one reason.

    Args:
        paths: of files in REJECT_SCHEMA; one that is gone counts for nothing.
        reasons: most reasons told, the most frequent first.
        examples: most examples of each, in the order of the files.
    """
    there = [str(path) for path in paths if Path(path).is_file()]
    if not there:
        return []
    with open_duckdb() as connection:
        found = connection.execute(
            "SELECT if(count(DISTINCT reason) = 1, any_value(reason), general) AS told, "
            '"column", kept, count(*) AS rows, arg_min({'
            "'file': file, 'line': line, 'value': left(value, $width), 'raw': left(raw, $width)"
            "}, file_index * 1000000000000 + file_row_number, $examples) "
            "FROM (SELECT *, file_index, regexp_replace(reason, $named, $another, 'g') AS general "
            "FROM read_parquet($paths, file_row_number = true, union_by_name = true)) "
            'GROUP BY general, "column", kept ORDER BY rows DESC, told LIMIT $reasons',
            {
                **{"paths": there, "reasons": reasons, "examples": examples},
                **{"width": _MAX_CHARACTERS, "named": NAMED_ROW, "another": ANOTHER_ROW},
            },
        ).fetchall()
    return [
        ReasonSummary(reason, column, bool(kept), count, tuple(first))
        for reason, column, kept, count, first in found
    ]
