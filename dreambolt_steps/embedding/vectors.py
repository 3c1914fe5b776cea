"""A file of finished vectors that outlives a killed process."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from types import TracebackType

import numpy as np
import xxhash

from dreambolt_steps.errors import ExportError

_READ_BYTES = 1 << 24


class VectorFile:
    """Vectors written in chunks, with a counter that is replaced as a whole after each.

    A second `VectorFile` with the same folder and key goes on behind the last whole chunk. Another
    key, or a file whose contents do not match the counter's checksum, starts anew.

    Args:
        folder: an existing folder; `vectors.f32` and `progress.json` are written there.
        key: what the vectors depend on: texts, model and its settings.
        count: vectors of the finished file.
        dims: floats of one vector.

    Attributes: `done` vectors finished so far; `path` of the file: float32, one vector after the
    other.

    Raises: ExportError when the folder can't be written or has less free space than the finished
    file needs.

    Example:
        >>> with VectorFile(folder, "minilm of 2 texts", count=2, dims=384) as vectors:
        ...     vectors.append(np.zeros((2, 384), np.float32))
        ...     vectors.done
        2
    """

    def __init__(self, folder: Path, key: str, count: int, dims: int) -> None:
        self.key = key
        self.count = count
        self.dims = dims
        self.done = 0
        self.path = folder / "vectors.f32"
        self._progress_path = folder / "progress.json"
        self._checksum = xxhash.xxh3_64()
        self._restore()
        try:
            self._file = self.path.open("r+b" if self.done else "wb")
            self._file.truncate(self.done * dims * 4)
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            raise self._explain(error) from error
        self._check_space(folder)

    def append(self, vectors: np.ndarray) -> None:
        """Write the next vectors, shape (n, dims), and count them as finished."""
        content = np.ascontiguousarray(vectors, dtype=np.float32).tobytes()
        try:
            self._file.write(content)
            self._file.flush()
            os.fsync(self._file.fileno())  # the counter must never be ahead of the vectors
            self._checksum.update(content)
            self.done += len(vectors)
            progress = {"key": self.key, "done": self.done, "checksum": self._checksum.hexdigest()}
            fresh = self._progress_path.with_suffix(".json.new")
            fresh.write_text(json.dumps(progress))
            fresh.replace(self._progress_path)
        except OSError as error:
            raise self._explain(error) from error

    def __enter__(self) -> VectorFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def _restore(self) -> None:
        try:
            progress = json.loads(self._progress_path.read_bytes())
            key, done, expected = progress["key"], progress["done"], progress["checksum"]
            if key != self.key or type(done) is not int or not 0 <= done <= self.count:
                return
            found = xxhash.xxh3_64()
            left = done * self.dims * 4
            with self.path.open("rb") as file:
                while left and (content := file.read(min(left, _READ_BYTES))):
                    found.update(content)
                    left -= len(content)
        except (OSError, ValueError, KeyError, TypeError):
            return  # no checkpoint, or a damaged one: start anew
        if left == 0 and found.hexdigest() == expected:
            self.done = done
            self._checksum = found

    def _check_space(self, folder: Path) -> None:
        missing = (self.count - self.done) * self.dims * 4
        free = shutil.disk_usage(folder).free
        if missing > free:
            self._file.close()
            raise ExportError(
                f"the vectors of {self.count - self.done:,} texts need {missing / 1e6:,.1f} MB, "
                f"{folder} has {free / 1e6:,.1f} MB free; make room or choose another folder"
            )

    def _explain(self, error: OSError) -> ExportError:
        return ExportError(
            f"vectors can't be written to {self.path}: {error.strerror or error}; make room "
            "there or choose another folder, finished vectors are kept"
        )
