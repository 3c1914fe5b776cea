"""Row groups of Parquet encoded apart from their file, and the file that is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from dreambolt_steps.tables.export.parquet_footer import MAGIC, join_footers
from dreambolt_steps.tables.export.parquet_part import HashedFile, open_writer, write_group

_TAIL = 8  # length of the footer, and the magic bytes
Options = Mapping[str, str | int | None]


@dataclass(frozen=True)
class EncodedGroup:
    """A row group as it stands in a file, and the footer of a file of it alone.

    `content` is a buffer of Arrow, which is sent between processes without a copy.
    """

    content: pa.Buffer
    footer: bytes
    num_rows: int


@contextmanager
def open_group_encoder(
    schema: pa.Schema, options: Options
) -> Iterator[Callable[[pa.Table], EncodedGroup]]:
    """A function that encodes tables as `ParquetPart` writes its row groups."""

    def encode(group: pa.Table) -> EncodedGroup:
        sink = pa.BufferOutputStream()
        with open_writer(sink, schema, options) as writer:
            write_group(writer, group, schema)
        file = sink.getvalue()
        size = int.from_bytes(file[-_TAIL:-4].to_pybytes(), "little")
        end = file.size - _TAIL - size
        footer = file[end:-_TAIL].to_pybytes()
        return EncodedGroup(file[len(MAGIC) : end], footer, group.num_rows)

    yield encode


class JoinedPart:
    """A Parquet file made of encoded row groups: byte for byte the one that `ParquetPart` writes of
    the same rows."""

    def __init__(self, path: Path) -> None:
        self._file = HashedFile(path)
        self._file.write(MAGIC)
        self._footers: list[bytes] = []
        self._sizes: list[int] = []
        self.fingerprint = ""

    @property
    def bytes(self) -> int:
        """Bytes written so far."""
        return self._file.bytes

    def write(self, group: EncodedGroup) -> int:
        """Write one row group; returns its size in the file in bytes."""
        self._file.write(group.content)
        self._footers.append(group.footer)
        self._sizes.append(group.content.size)
        return group.content.size

    def __enter__(self) -> JoinedPart:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                footer = join_footers(self._footers, self._sizes)
                self._file.write(footer + len(footer).to_bytes(4, "little") + MAGIC)
                self.fingerprint = self._file.sync()
        finally:
            self._file.close()
