"""One Parquet file being written: hashed on its way to the disk, synced at its end."""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from dreambolt_steps.errors import ExportError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class HashedFile(io.BufferedIOBase):
    """A new file that pyarrow writes to, and the xxh3-128 of what was written.

    Its OSErrors name the file, so that they can be told from those of the reader.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb", buffering=0)
        self._hash = xxhash.xxh3_128()
        self.bytes = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.bytes

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        done = 0
        while done < len(view):
            try:
                done += self._file.write(view[done:])
            except OSError as error:
                error.filename = str(self._path)
                raise
        self._hash.update(view)
        self.bytes += done
        return done

    def sync(self) -> str:
        """Wait for the disk; returns the fingerprint of all bytes."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            error.filename = str(self._path)
            raise
        return self._hash.hexdigest()

    def close(self) -> None:
        self._file.close()
        super().close()


class ParquetPart:
    """A Parquet file, whole and on the disk when its `with` block ends without an error.

    Afterwards `bytes` and `fingerprint` (xxh3-128) say what was written.
    """

    def __init__(
        self, path: Path, schema: pa.Schema, options: Mapping[str, str | int | None]
    ) -> None:
        self._file = HashedFile(path)
        self._schema = schema
        self.fingerprint = ""
        try:
            self._writer = open_writer(self._file, schema, options)
        except ExportError:
            self._file.close()
            raise

    @property
    def bytes(self) -> int:
        """Bytes written so far."""
        return self._file.bytes

    def write(self, group: pa.Table) -> int:
        """Write one row group; returns its size in the file in bytes."""
        before = self._file.bytes
        write_group(self._writer, group, self._schema)
        return self._file.bytes - before

    def __enter__(self) -> ParquetPart:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._writer.close()
                self.fingerprint = self._file.sync()
            else:
                with suppress(Exception):  # the footer of a file that is thrown away
                    self._writer.close()
        finally:
            self._file.close()


def open_writer(
    sink: Any, schema: pa.Schema, options: Mapping[str, str | int | None]
) -> pq.ParquetWriter:
    """A writer of Parquet.

    Raises: ExportError when Parquet lacks one of the types.
    """
    try:
        return pq.ParquetWriter(sink, schema, **options)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ExportError(f"the table can't be written to Parquet: {error}") from error


def write_group(writer: pq.ParquetWriter, group: pa.Table, schema: pa.Schema) -> None:
    """Write a table as one row group."""
    # Arrow 25 gives up a column's dictionary where a chunk comes with another one.
    table = group.unify_dictionaries().replace_schema_metadata(schema.metadata)
    writer.write_table(table, row_group_size=max(1, table.num_rows))


def explain_failure(error: OSError, target: Path) -> ExportError:
    """Say in one line why `target` can't be written, and what to do."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        free = _find_free(target)
        return ExportError(
            f"no room to write {target} ({reason.lower()}): its disk has {free} free"
            " and has to hold the new files beside any old ones; free space or give another disk"
        )
    return ExportError(
        f"{target} can't be written: {reason.lower()} ({error.filename}); give another path or"
        " change its permissions"
    )


def _find_free(target: Path) -> str:
    folder = next(parent for parent in target.parents if parent.exists())
    return f"{shutil.disk_usage(folder).free / 2**20:,.1f} MiB"
