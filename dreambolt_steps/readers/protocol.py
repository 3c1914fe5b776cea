"""What every reader of a format offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa

from dreambolt_steps.tables.rejects.schema import Reject


class FormatReader(Protocol):
    """One file, opened: its columns are known, its rows can be read once."""

    @property
    def original_names(self) -> tuple[str, ...]:
        """The columns exactly as in the file."""

    @property
    def schema(self) -> pa.Schema:
        """The columns under unique names, with the types the rows come in."""

    @property
    def findings(self) -> tuple[str, ...]:
        """What is out of the ordinary, in plain sentences; complete once the rows are read."""

    def iterate_batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the file's order, in flat memory.

        Raises: SourceError where the file can't be read further.
        """

    def iterate_rejects(self) -> Iterator[Reject]:
        """Yield what could not be read, once the batches are exhausted."""

    def close(self) -> None:
        """Give up what is held open."""
