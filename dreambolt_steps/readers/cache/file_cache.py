"""What was read of single files, kept so that each is read once however often its folder grows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash

from dreambolt_steps.readers.cache.part_file import (
    MAGIC,
    DamagedPartError,
    PartFile,
    PartWriter,
)
from dreambolt_steps.readers.csv.sniff.dialect import Dialect
from dreambolt_steps.readers.table.read_report import FileReport, ReadReport
from dreambolt_steps.readers.table.stream import TableRead
from dreambolt_steps.tables.rejects.schema import REJECT_SCHEMA
from dreambolt_steps.tables.table_spool import TableSpool

_SUFFIX = ".arrow"


@dataclass(frozen=True)
class CachedFile:
    """One file as it was read: its rows and rejects in `part`, and its reports."""

    part: PartFile
    reports: tuple[FileReport, ...]

    def count_rows(self) -> int:
        """How many rows the file holds, those that were rejected with them."""
        return sum(one.rows + one.rejected for one in self.reports)


class FileCache:
    """A folder of parts, each under the key of what it was made from."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made before the first part is written."""
        self.folder = folder

    def find(self, key: str) -> CachedFile | None:
        """The file as it was read before; None if it was not, or if what was kept is damaged."""
        path = self._name(key)
        try:
            part = PartFile.open(path)
            return CachedFile(part, tuple(map(_load_report, part.details["reports"])))
        except FileNotFoundError:
            return None
        except (DamagedPartError, KeyError, TypeError):
            path.unlink(missing_ok=True)
            return None

    def keep(
        self, key: str, read: TableRead, check: Callable[[], None] | None = None
    ) -> CachedFile:
        """Read a file to its end and keep it.

        Args:
            key: of `name_key`.
            read: the file, not read yet.
            check: called once all is read; what it raises keeps the part from being kept.
        """
        return self._keep(key, read.schema, read.reader, read.report, check)

    def keep_batch(
        self,
        key: str,
        batch: pa.RecordBatch,
        report: FileReport,
        check: Callable[[], None] | None = None,
    ) -> CachedFile:
        """Keep a file that is read: a batch of all its rows, none rejected."""
        whole = ReadReport(batch.num_rows, 0, TableSpool(REJECT_SCHEMA), (report,))
        return self._keep(key, batch.schema, [batch], lambda: whole, check)

    def _keep(
        self,
        key: str,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
        conclude: Callable[[], ReadReport],
        check: Callable[[], None] | None,
    ) -> CachedFile:
        self.folder.mkdir(parents=True, exist_ok=True)
        with PartWriter(self._name(key), schema) as part:
            for batch in batches:
                part.write(batch)
            report = conclude()
            if check is not None:
                check()
            details = {"reports": [_dump_report(one) for one in report.files]}
            kept = part.finish(report.spooled.iterate_batches(), details)
        return CachedFile(kept, report.files)

    def find_others(self, keys: Iterable[str]) -> list[Path]:
        """The files of every part but those of `keys`, and what killed runs left."""
        kept = {self._name(key) for key in keys}
        return [path for path in sorted(self.folder.glob("*")) if path not in kept]

    def _name(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"


def name_key(identity: object, arguments: Mapping[str, Any]) -> str:
    """Hash what decides how a file is read.

    Args:
        identity: of the file's name and content; anything JSON holds.
        arguments: of the reader, its version among them.

    Returns: 32 hexadecimal digits.
    """
    shape = [field.name for kind in (FileReport, Dialect) for field in fields(kind)]
    told = json.dumps([MAGIC.decode(), shape, identity, dict(arguments)], default=str)
    return xxhash.xxh3_128_hexdigest(told.encode())


def _dump_report(report: FileReport) -> dict[str, Any]:
    """As `asdict`, which would copy every value: that shows where there are many small files."""
    return {**vars(report), "dialect": vars(report.dialect) if report.dialect else None}


def _load_report(found: dict[str, Any]) -> FileReport:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in found.items()
    }
    if values["dialect"] is not None:
        values["dialect"] = Dialect(**values["dialect"])
    return FileReport(**values)
