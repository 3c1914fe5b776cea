"""Unpacks compressed files, as far as a limit allows."""

from __future__ import annotations

import errno
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from dreambolt_steps.errors import SourceError

FREE_BYTES = 1 << 30  # up to here any ratio is fine
MAX_RATIO = 200
_CHUNK_BYTES = 1 << 20
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
}


def find_compression(head: bytes) -> str | None:
    """Name the compression of a file by its first bytes: gzip, zstd, bz2, xz, zip (which Excel
    files are as well) or None."""
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def expand_file(
    path: Path, compression: str, target: Path, max_expanded_bytes: int | None = None
) -> None:
    """Unpack a file into `target`, in flat memory.

    Args:
        path: a local file.
        compression: gzip, zstd, bz2 or xz; several streams behind one another are one.
        target: the file to write.
        max_expanded_bytes: what it may become; default: 1 GiB, and more as long as that is at most
            200 times the file's size.

    Raises: SourceError when it becomes too large, is damaged or cut short, or the disk is full.
    """
    size = path.stat().st_size
    try:
        with _open(path, compression) as source, target.open("wb") as sink:
            copy_within_limit(source, sink, size, max_expanded_bytes, str(path))
    except (EOFError, lzma.LZMAError, pa.ArrowException) as error:
        raise _name_damage(path, compression, error) from error
    except OSError as error:
        if error.errno is not None:
            raise SourceError(f"{path}: can't be read ({error.strerror})") from error
        raise _name_damage(path, compression, error) from error


def copy_within_limit(
    source: Any, sink: IO[bytes], packed: int, max_expanded_bytes: int | None, shown: str
) -> None:
    """Copy an unpacking stream, and stop where it becomes too large.

    Args:
        source: has `read(size)`.
        sink: where to.
        packed: compressed bytes.
        max_expanded_bytes: see `expand_file`.
        shown: the file, for errors.

    Raises: SourceError naming the limit and the argument that raises it, or that the disk is full.
    """
    limit = max_expanded_bytes
    if limit is None:
        limit = max(FREE_BYTES, MAX_RATIO * packed)
    done = 0
    while chunk := source.read(_CHUNK_BYTES):
        done += len(chunk)
        if done > limit:
            why = (
                f"more than max_expanded_bytes={limit:,}"
                if max_expanded_bytes is not None
                else f"{limit:,} bytes, over {MAX_RATIO} times its size, as decompression bombs do"
            )
            raise SourceError(
                f"{shown}: {packed:,} bytes unpack to {why}; raise max_expanded_bytes to read it"
            )
        with explain_full_disk(shown):
            sink.write(chunk)


@contextmanager
def explain_full_disk(shown: str) -> Iterator[None]:
    """Turn a full disk into one clear line."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SourceError(
                f"{shown}: no space left to unpack it to; free some disk, or set TMPDIR"
            ) from error
        raise


def _open(path: Path, compression: str) -> Any:
    if compression == "xz":
        return lzma.open(path)
    return pa.CompressedInputStream(pa.OSFile(str(path)), compression)


def _name_damage(path: Path, compression: str, error: Exception) -> SourceError:
    reason = str(error).splitlines()[0].rstrip(".")
    return SourceError(f"{path}: {compression} stream truncated or damaged ({reason})")
