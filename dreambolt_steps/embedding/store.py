"""Vectors on disk by the content of their texts, for every step and every run of a session."""

from __future__ import annotations

import mmap
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import xxhash
from filelock import FileLock

from dreambolt_steps.embedding.texts import KEY_BYTES
from dreambolt_steps.errors import ExportError, SourceError

FILE = "vectors.arrow"
_CHECKSUM = b"xxh3"
_HELD_BYTES = 1 << 27  # a smaller file may stay mapped


class VectorStore:
    """The vectors of one model in one Arrow stream file that only grows.

    Columns: `key`, 16 bytes of the text's SHA-256, and `vector`, fixed_size_list<float32>[dims].
    Each batch carries its checksum and is on disk when `append` returns: a killed process loses
    none. What is damaged, and what follows it, is cut off when the file is opened. One process
    writes at a time; others wait.

    Args:
        folder: of this store alone; made if missing.
        dims: floats of one vector.

    Raises: ExportError when the folder can't be written.

    Example:
        >>> with VectorStore(folder, dims=384) as store:
        ...     known = dict(store.scan())
        ...     store.append([key], np.zeros((1, 384), np.float32))
        array([62])
    """

    def __init__(self, folder: Path, dims: int) -> None:
        self.dims = dims
        self.path = folder / FILE
        kind = pa.list_(pa.float32(), dims)
        self._schema = pa.schema([("key", pa.binary(KEY_BYTES)), ("vector", kind)])
        self._head = self._schema.serialize().to_pybytes()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / "lock")
            self._lock.acquire()
            self._file = self.path.open("r+b" if self.path.exists() else "w+b")
        except OSError as error:
            raise self._explain(error) from error
        if self._file.read(len(self._head)) != self._head:
            self._cut_off(0)
            self._write(self._head)

    def scan(self) -> Iterator[tuple[pa.Array, np.ndarray]]:
        """Check every batch; yield its keys and the places of its vectors. Once, before the first
        `append`."""
        whole = len(self._head)
        with pa.OSFile(str(self.path)) as source:
            reader = pa.ipc.open_stream(source)
            while True:
                try:
                    batch, notes = reader.read_next_batch_with_custom_metadata()
                    told = dict(notes or {}).get(_CHECKSUM)
                except (StopIteration, pa.ArrowException, OSError, ValueError):
                    break
                if told is None or told.decode() != _sum_batch(batch):
                    break
                whole = source.tell()
                yield batch.column(0), self._find_places(whole, batch.num_rows)
        self._cut_off(whole)

    def append(self, keys: Sequence[bytes], vectors: np.ndarray) -> np.ndarray:
        """Write vectors, shape (n, dims). Returns: their places."""
        values = np.ascontiguousarray(vectors, np.float32).reshape(-1)
        listed = pa.FixedSizeListArray.from_arrays(pa.array(values), self.dims)
        batch = pa.record_batch([pa.array(keys, pa.binary(KEY_BYTES)), listed], self._schema)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self._schema) as writer:
            writer.write_batch(batch, {_CHECKSUM: _sum_batch(batch).encode()})
            end = sink.tell()
        written = sink.getvalue()[len(self._head) : end]
        return self._find_places(self._write(written), len(batch))

    def gather(self, places: np.ndarray) -> np.ndarray:
        """Vectors by their places, float32 of shape (n, dims)."""
        with self.path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not len(places):
                return np.empty((0, self.dims), np.float32)
            if int(places.max()) + self.dims > size // 4:
                raise SourceError(
                    f"{self.path} ends before vector {int(places.max())}: something else changed "
                    "it; run the step again"
                )
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                return self._gather_mapped(mapped, size, places)

    def _gather_mapped(self, mapped: mmap.mmap, size: int, places: np.ndarray) -> np.ndarray:
        taken = np.empty((len(places), self.dims), np.float32)
        flat = np.frombuffer(mapped, np.float32, size // 4)
        every = np.lib.stride_tricks.sliding_window_view(flat, self.dims)
        # Linux maps 64 KB around each vector touched, and they count as memory until let go.
        step = len(places) if size < _HELD_BYTES else 1024
        for start in range(0, len(places), step):
            taken[start : start + step] = every[places[start : start + step]]
            if size >= _HELD_BYTES:
                mapped.madvise(mmap.MADV_DONTNEED)
        del flat, every  # else the map can't be closed
        return taken

    def check_space(self, count: int) -> None:
        """Raise ExportError when there is no room for so many more vectors."""
        missing, free = count * self.dims * 4, shutil.disk_usage(self.path.parent).free
        if missing > free:
            raise ExportError(
                f"the vectors of {count:,} texts need {missing / 1e6:,.1f} MB, {self.path.parent} "
                f"has {free / 1e6:,.1f} MB free; make room or choose another folder"
            )

    def close(self) -> None:
        """Let other processes write."""
        self._file.close()
        self._lock.release()

    def __enter__(self) -> VectorStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _find_places(self, end: int, count: int) -> np.ndarray:
        """Places, counted in floats from the file's start, of a batch whose values end at `end`."""
        used = count * self.dims * 4
        first = (end - used - (-used % 8)) // 4  # Arrow fills up to 8 bytes
        return first + np.arange(count, dtype=np.int64) * self.dims

    def _write(self, content: bytes | pa.Buffer) -> int:
        try:
            self._file.seek(0, os.SEEK_END)
            self._file.write(content)
            self._file.flush()
            return self._file.tell()
        except OSError as error:
            raise self._explain(error) from error

    def _cut_off(self, size: int) -> None:
        self._file.seek(0)
        self._file.truncate(size)

    def _explain(self, error: OSError) -> ExportError:
        return ExportError(
            f"vectors can't be written to {self.path}: {error.strerror or error}; make room "
            "there or choose another folder, finished vectors are kept"
        )


def _sum_batch(batch: pa.RecordBatch) -> str:
    digest = xxhash.xxh3_64()
    keys, vectors = batch.columns
    digest.update(keys.buffers()[1])
    digest.update(vectors.values.buffers()[1])
    return digest.hexdigest()
