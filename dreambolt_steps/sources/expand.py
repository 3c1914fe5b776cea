"""Unpacks compressed files, as far as a limit allows."""

from __future__ import annotations

import bz2
import errno
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from dreambolt_steps.errors import SourceError

FREE_BYTES = 1 << 30  # up to here any ratio is fine
MAX_RATIO = 200
_CHUNK_BYTES = 1 << 20
_DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(31),  # with gzip's header and checksum
    "bz2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
}
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
) -> str:
    """Unpack a file into `target`, in flat memory.

    Args:
        path: a local file.
        compression: gzip, zstd, bz2 or xz; several streams behind one another are one.
        target: the file to write.
        max_expanded_bytes: what it may become; default: 1 GiB, and more as long as that is at most
            200 times the file's size.

    Returns: what stands behind the packed content and is no part of it, in a plain sentence; "" for
        nothing.
    Raises: SourceError when it becomes too large, is damaged or cut short, or the disk is full.
    """
    size = path.stat().st_size
    damage: Exception | None = None
    try:
        if compression != "xz":  # whose library passes over what stands behind in silence
            with _open(path, compression) as source, target.open("wb") as sink:
                copy_within_limit(source, sink, size, max_expanded_bytes, str(path))
            return ""
    except pa.ArrowException as error:
        damage = error
    except OSError as error:
        if error.errno is not None:
            raise SourceError(f"{path}: can't be read ({error.strerror})") from error
        damage = error
    with path.open("rb") as packed, target.open("wb") as sink:
        streams = PackedStreams(packed, compression)
        try:
            copy_within_limit(streams, sink, size, max_expanded_bytes, str(path))
        except (EOFError, OSError, ValueError, lzma.LZMAError, zlib.error) as error:
            damage = damage or error
    if not streams.is_whole:
        raise _name_damage(path, compression, damage) from damage
    if not streams.rest:
        return ""
    return f"{streams.rest:,} bytes behind the {compression} stream are no part of it, and left out"


class PackedStreams:
    """Whole compressed streams one behind the other, and something else behind them.

    Attributes:
        is_whole: whether all that begins as a stream is one, and there is at least one.
        rest: bytes behind the last of them.
    """

    def __init__(self, packed: IO[bytes], compression: str) -> None:
        """Read from a file; of zstd nothing is known."""
        self._packed, self._make = packed, _DECOMPRESSORS.get(compression)
        self._magic = next(magic for magic, name in _MAGIC.items() if name == compression)
        self._unpacker: Any = None
        self._buffer = b""
        self.is_whole, self.rest = False, 0

    def read(self, size: int) -> bytes:
        """The next bytes that were packed; b"" behind the last stream."""
        while self._make is not None:
            if self._unpacker is None:
                self._buffer += self._packed.read(size)
                if not self._buffer.startswith(self._magic):
                    self.rest = len(self._buffer)
                    while chunk := self._packed.read(_CHUNK_BYTES):
                        self.rest += len(chunk)
                    return b""
                self._unpacker, self.is_whole = self._make(), False
            chunk = self._buffer or self._packed.read(size)
            if not chunk:
                raise EOFError
            found = self._unpacker.decompress(chunk)
            self._buffer = b""
            if self._unpacker.eof:
                self._buffer, self._unpacker = self._unpacker.unused_data, None
                self.is_whole = True
            if found:
                return bytes(found)
        return b""


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
    return pa.CompressedInputStream(pa.OSFile(str(path)), compression)


def _name_damage(path: Path, compression: str, error: Exception | None) -> SourceError:
    reason = (str(error) or "it ends too early").splitlines()[0].rstrip(".")
    return SourceError(f"{path}: {compression} stream truncated or damaged ({reason})")
