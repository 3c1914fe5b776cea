"""The rows of one source file as they were read, kept in one file.

It is an Arrow stream, so anything that reads Arrow opens it. Behind the stream stand the rejects
and a record of everything, with a checksum for each batch: a file that was cut off or damaged, by a
power failure too, is told from a whole one without trusting the disk to have kept an order, so
nothing waits for it (no fsync).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import pyarrow as pa
import xxhash

from dreambolt_steps.tables.rejects.schema import REJECT_SCHEMA

MAGIC = b"DBPART02"
PARTIAL_SUFFIX = ".partial"
_END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"
_FOOTER_BYTES = 8 + 8 + len(MAGIC)  # length and checksum of the record


class DamagedPartError(Exception):
    """A part is cut off, or holds other bytes than were written: its source is to be read again."""


@dataclass(frozen=True)
class Block:
    """Bytes of a part: where, how many, their xxh3, and the rows they hold."""

    offset: int
    length: int
    checksum: str
    rows: int

    def read(self, handle: BinaryIO) -> bytes:
        """Raises: DamagedPartError for other bytes than were written."""
        handle.seek(self.offset)
        content = handle.read(self.length)
        if xxhash.xxh3_64_hexdigest(content) != self.checksum:
            raise DamagedPartError
        return content


class PartWriter:
    """Writes a part beside its place, and puts it there when it is finished.

    Example:
        with PartWriter(Path("a.arrow"), schema) as part:
            part.write(batch)
            part.finish(rejects.to_batches(), {"file": "a.csv"})
    """

    def __init__(self, target: Path, schema: pa.Schema) -> None:
        """Open the file; plain types only, as dictionaries would be messages of their own."""
        self._target = target
        self._partial = target.with_name(f"{target.name}.{os.getpid()}{PARTIAL_SUFFIX}")
        self._handle = self._partial.open("wb")
        self._rows_schema = schema
        self._schema = self._write(schema.serialize(), 0)
        self._blocks: list[Block] = []

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was not finished."""
        self._handle.close()
        self._partial.unlink(missing_ok=True)

    def write(self, batch: pa.RecordBatch) -> None:
        """Add a batch."""
        self._blocks.append(self._write(batch.serialize(), batch.num_rows))

    def finish(self, rejects: Iterable[pa.RecordBatch], details: Mapping[str, Any]) -> PartFile:
        """Add rejects (REJECT_SCHEMA) and details (anything JSON holds), and give the file its
        name."""
        self._handle.write(_END_OF_STREAM)
        rejected = [self._write(batch.serialize(), batch.num_rows) for batch in rejects]
        record = json.dumps(
            {
                "details": dict(details),
                "batches": [_list(block) for block in self._blocks],
                "rejects": [_list(block) for block in rejected],
                "schema": _list(self._schema),
            }
        ).encode()
        self._handle.write(record)
        self._handle.write(len(record).to_bytes(8, "little"))
        self._handle.write(xxhash.xxh3_64_digest(record) + MAGIC)
        self._handle.close()
        self._partial.replace(self._target)
        return PartFile(
            self._target,
            self._rows_schema,
            sum(block.rows for block in self._blocks),
            dict(details),
            tuple(self._blocks),
            tuple(rejected),
        )

    def _write(self, content: pa.Buffer, rows: int) -> Block:
        offset = self._handle.tell()
        self._handle.write(content)
        return Block(offset, content.size, xxhash.xxh3_64_hexdigest(content), rows)


@dataclass(frozen=True)
class PartFile:
    """A whole part.

    Attributes:
        path: its file.
        schema: of its rows.
        rows: how many.
        details: as they were given to `PartWriter.finish`.
    """

    path: Path
    schema: pa.Schema
    rows: int
    details: dict[str, Any]
    _batches: tuple[Block, ...]
    _rejects: tuple[Block, ...]

    @classmethod
    def open(cls, path: Path) -> PartFile:
        """Read the record at the end.

        Raises: DamagedPartError when the file is cut off or damaged; FileNotFoundError.
        """
        with path.open("rb") as handle:
            try:
                record = json.loads(_read_record(handle))
                schema = Block(*record["schema"]).read(handle)
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise DamagedPartError from error
        batches = tuple(Block(*block) for block in record["batches"])
        return cls(
            path,
            pa.ipc.read_schema(pa.py_buffer(schema)),
            sum(block.rows for block in batches),
            record["details"],
            batches,
            tuple(Block(*block) for block in record["rejects"]),
        )

    def iterate_batches(self, start: int = 0) -> Iterator[pa.RecordBatch]:
        """Yield the batches, from row `start` on.

        Raises: DamagedPartError before a batch that is not as it was written.
        """
        return self._iterate(self._batches, self.schema, start)

    def iterate_rejects(self, start: int = 0) -> Iterator[pa.RecordBatch]:
        """Yield the rejects the same way."""
        return self._iterate(self._rejects, REJECT_SCHEMA, start)

    def _iterate(
        self, blocks: Sequence[Block], schema: pa.Schema, start: int
    ) -> Iterator[pa.RecordBatch]:
        with self._open() as handle:
            for block in blocks:
                if block.rows > start:
                    content = pa.py_buffer(block.read(handle))
                    yield pa.ipc.read_record_batch(content, schema).slice(start)
                start = max(start - block.rows, 0)

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise DamagedPartError from error


def _read_record(handle: BinaryIO) -> bytes:
    end = handle.seek(0, os.SEEK_END)
    handle.seek(max(end - _FOOTER_BYTES, 0))
    footer = handle.read()
    length = int.from_bytes(footer[:8], "little")
    if len(footer) != _FOOTER_BYTES or footer[16:] != MAGIC or length > end:
        raise DamagedPartError
    handle.seek(end - _FOOTER_BYTES - length)
    record = handle.read(length)
    if xxhash.xxh3_64_digest(record) != footer[8:16]:
        raise DamagedPartError
    return record


def _list(block: Block) -> list[int | str]:
    return [block.offset, block.length, block.checksum, block.rows]
