"""Spreadsheets, read in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from dreambolt_steps import errors
from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.arrow import ArrowFile
from dreambolt_steps.tables.rejects.schema import Reject

# Beside what the file's size explains: libraries, and a table of some million cells.
_MEMORY_BYTES = 4 << 30
_MEMORY_PER_BYTE = 8
_SECONDS = 120
_BYTES_PER_SECOND = 500_000


class ExcelFile:
    """The table on one sheet of a spreadsheet (`ExcelTable`), read and ready to be streamed.

    calamine 0.37 lays a sheet out whole, blank cells too: one cell far away from the others, or a
    damaged file, makes it ask for more memory than there is, and that ends its process. So it has
    one of its own, with a limit.

    Attributes:
        original_names, schema, preamble, findings, arguments: of the table.
    """

    def __init__(
        self,
        path: Path,
        spool: Path,
        *,
        sheet: str | None = None,
        cells: str | None = None,
        header: bool | None = None,
        skip: int | None = None,
        header_rows: int | None = None,
        max_expanded_bytes: int | None = None,
    ) -> None:
        """Read the table into `spool`.

        Args:
            path: a local file.
            spool: folder for the table.
            sheet, cells, header, skip, header_rows, max_expanded_bytes: of `ExcelTable`.

        Raises: what `ExcelTable` raises; SourceError when it takes too much memory or time.
        """
        self._table = spool / f"{uuid.uuid4().hex}.arrows"
        arguments: dict[str, Any] = {"sheet": sheet, "cells": cells, "header": header, "skip": skip}
        arguments |= {"header_rows": header_rows, "max_expanded_bytes": max_expanded_bytes}
        told = _ask_worker(path, self._table, arguments)
        self.original_names = tuple(told["original_names"])
        self.preamble = tuple(told["preamble"])
        self.findings = tuple(told["findings"])
        self.arguments: dict[str, Any] = told["arguments"]
        self._stream = ArrowFile(self._table)
        self.schema = self._stream.schema

    def iterate_batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the sheet's order."""
        yield from self._stream.iterate_batches(limit)

    def iterate_rejects(self) -> Iterator[Reject]:
        """Nothing is ever rejected: every cell has a type, and a mixed column is text."""
        return iter(())

    def close(self) -> None:
        """Remove the spooled table."""
        self._stream.close()
        self._table.unlink(missing_ok=True)


def _ask_worker(path: Path, target: Path, arguments: dict[str, Any]) -> dict[str, Any]:
    size = _measure(path)
    request = {
        "path": str(path),
        "target": str(target),
        "memory": _MEMORY_BYTES + _MEMORY_PER_BYTE * size,
        "seconds": _SECONDS + size // _BYTES_PER_SECOND,
        "arguments": arguments,
    }
    command = [sys.executable, "-m", "dreambolt_steps.readers.excel.worker", json.dumps(request)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode or not done.stdout:
        raise SourceError(
            f"{path}: spreadsheet can't be read: it is damaged, or takes more memory or time than "
            "its size explains; is a cell filled far away from the table? Remove it"
        )
    told: dict[str, Any] = json.loads(done.stdout)
    if "error" in told:
        raise getattr(errors, told["error"])(told["message"])
    return told


def _measure(path: Path) -> int:
    """The bytes of a spreadsheet, as its zip tells them unpacked."""
    try:
        with zipfile.ZipFile(path) as opened:
            return sum(entry.file_size for entry in opened.infolist())
    except (zipfile.BadZipFile, NotImplementedError):
        return path.stat().st_size
