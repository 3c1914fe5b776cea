"""What runs in a worker of a Ray cluster. Ray imports it there; it imports nothing of Ray."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dreambolt_steps.engines.engine import OpenFunction


class FunctionWorker:
    """Has a function ready from its first item on."""

    def __init__(self, open_function: OpenFunction[Any, Any]) -> None:
        self._open = open_function
        self._opened: AbstractContextManager[Callable[[Any], Any]] | None = None

    def answer(self) -> bool:
        """Say that the worker is up."""
        return True

    def run(self, item: Any) -> Any:
        """The function's result of an item."""
        if self._opened is None:  # not when it is made: Ray would tell what fails there as text
            self._opened = self._open()
            self._function = self._opened.__enter__()
        return pack(self._function(unpack(item)))


@dataclass(frozen=True)
class PackedBatch:
    """A batch as a table, of which Ray sends no more than its rows. A batch that is a slice would
    be pickled with all that it was cut from (pyarrow 26,
    https://github.com/apache/arrow/issues/26685)."""

    table: pa.Table


def pack(item: Any) -> Any:
    """An item as it is sent."""
    return PackedBatch(pa.Table.from_batches([item])) if isinstance(item, pa.RecordBatch) else item


def unpack(item: Any) -> Any:
    """A packed item as it was."""
    if not isinstance(item, PackedBatch):
        return item
    batches = item.table.to_batches()
    if len(batches) == 1:
        return batches[0]
    schema = item.table.schema  # a table without rows has no batch
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
