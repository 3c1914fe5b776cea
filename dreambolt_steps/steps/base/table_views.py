"""What a finished step shows of its table: in Python, and in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from dreambolt_steps.errors import UsageError
from dreambolt_steps.log import Receipt
from dreambolt_steps.steps.base.step_html import render_step
from dreambolt_steps.tables.rejects.schema import REJECT_SCHEMA
from dreambolt_steps.tables.to_pandas import convert_table

if TYPE_CHECKING:
    import pandas as pd


class TableViews:
    """Views of a step's table; they read what the session keeps, also once it is closed."""

    name: str
    receipt: Receipt
    output: Any
    _output_folder_path: str | None = None
    _rejects_in_memory: pa.Table | None = None

    def to_arrow(self) -> pa.Table:
        """The whole table; mapped from the session's file, so that it takes no memory by itself."""
        table = self.output.dataset.with_format("arrow")
        kept = table.data.table if table._indices is None else table[:]
        return kept.replace_schema_metadata(None)

    def to_pandas(self) -> pd.DataFrame:
        """The whole table in memory. Whole numbers with NULLs stay whole (`Int64` and the like)."""
        return convert_table(self.to_arrow())

    def head(
        self, n: int = 5, shuffle: bool = False, seed: int | None = None, buffer_size: int = 1000
    ) -> pd.DataFrame:
        """The first rows.

        Args:
            n: how many.
            shuffle: draw them instead.
            seed: of the drawing.
            buffer_size: of no effect here; DataDreamer's own steps take it.
        """
        if shuffle:
            dataset = self.output.dataset
            drawn = dataset.shuffle(seed=seed).select(range(min(n, dataset.num_rows)))
            return convert_table(drawn.with_format("arrow")[:])
        return convert_table(self.to_arrow().slice(0, max(n, 0)))

    @property
    def schema(self) -> pa.Schema:
        """Columns and types of the table."""
        return self.to_arrow().schema

    @property
    def rejects(self) -> pa.Table:
        """What the step rejected, a row each: file, line, column, value, reason, raw row."""
        kept = self.kept_rejects
        if kept is None:
            return REJECT_SCHEMA.empty_table()
        return kept if isinstance(kept, pa.Table) else pq.read_table(kept)

    @property
    def kept_rejects(self) -> Path | pa.Table | None:
        """The rejects of the finished step: a file, or a table while the session is in memory."""
        if not self._output_folder_path or not self.receipt.rejects:
            return self._rejects_in_memory
        return Path(self._output_folder_path) / Path(self.receipt.rejects).name

    def report(self) -> Path:
        """The session's report.html; within the session it is written with the steps so far.

        Raises: UsageError: there is none, since the session is in memory or ended with an error.
        """
        from dreambolt_steps.report.page import REPORT_FILE
        from dreambolt_steps.report.run import report_so_far

        session = self.session_folder
        if session is None:
            raise UsageError(
                f"step {self.name} is in memory and has no report; open a session in a folder: "
                "open_session(folder)"
            )
        written = report_so_far(session)
        path = written or session / REPORT_FILE
        if not path.is_file():
            raise UsageError(f"session {session} has no report: no run of it has ended yet")
        return path

    @property
    def session_folder(self) -> Path | None:
        """The folder of the step's session; None of one in memory."""
        folder = self._output_folder_path
        return Path(folder).parents[self.name.count("/")] if folder else None

    def __repr__(self) -> str:
        kind = type(self).__name__
        try:
            table = self.output.dataset
        except Exception:  # DataDreamer's, for one that has not run, or runs
            return f"<{kind} {self.name!r}: not finished>"
        told = f"{table.num_rows:,} rows, {len(table.column_names):,} columns"
        if self.receipt.rows_rejected:
            told += f", {self.receipt.rows_rejected:,} rejected"
        return f"<{kind} {self.name!r}: {told}>"

    def _repr_html_(self) -> str:
        from dreambolt_steps.report.page import REPORT_FILE

        try:
            table = self.to_arrow()
        except Exception:  # as above
            return ""
        session = self.session_folder
        report = session / REPORT_FILE if session else None
        return render_step(self.receipt, table, report if report and report.is_file() else None)
