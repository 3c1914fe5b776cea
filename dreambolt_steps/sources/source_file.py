"""One file of a source, and the identity of its content."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import xxhash

from dreambolt_steps.errors import UsageError

_CHUNK_BYTES = 4 << 20
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_SECRET_QUERY = re.compile(r"\?.*")

Partitions = tuple[tuple[str, str | None], ...]
Stamp = tuple[int, int, int, int]


@dataclass(frozen=True)
class SourceFile:
    """One file of a source.

    Attributes:
        uri: absolute local path, URL, or `archive!member` for a file within a zip.
        size: bytes; of a member, once it is unpacked.
        identity: changes whenever the content does: `xxh3:<hex>` of a local file or of a member's
            packed bytes, `etag:<etag>+<size>` or `modified:<time>+<size>` of a remote file.
        partitions: (column, value) of each `column=value` folder right above the file; None is
            Hive's default partition, NULL.
        container: the zip this file is a member of.
        notes: what lies beside it in its folder or zip and is not read, in plain sentences.
        stamp: of a local file, when its identity was taken (`read_stamp`).
    """

    uri: str
    size: int
    identity: str
    partitions: Partitions = ()
    container: SourceFile | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)
    stamp: Stamp | None = field(default=None, compare=False, repr=False)

    @property
    def is_remote(self) -> bool:
        """True for anything that is not on this machine's disk."""
        return "://" in self.uri

    @property
    def member(self) -> str | None:
        """The name within the zip; None outside of one."""
        return self.uri[len(self.container.uri) + 1 :] if self.container else None

    @property
    def name(self) -> str:
        """The last part of the path or URL; `archive.zip!member` for a member."""
        if self.container:
            return f"{self.container.name}!{self.member}"
        path = self.uri
        if path.startswith(("http://", "https://")):
            path = unquote(_SECRET_QUERY.sub("", path)).rstrip("/")
        return path.rsplit("/", 1)[-1]

    @property
    def own_name(self) -> str:
        """The name whose suffix tells the format: within a zip, if it is in one."""
        return self.member or self.name

    @property
    def shown(self) -> str:
        """What reports and errors call it: its URI without secrets."""
        return hide_query(self.uri)


def find_partitions(path: str) -> Partitions:
    """Read the `column=value` folders right above a file, the outermost first.

    >>> find_partitions("/data/year=2024/city=S%C3%A3o%20Paulo/a.parquet")
    (('year', '2024'), ('city', 'São Paulo'))
    """
    found: list[tuple[str, str | None]] = []
    for part in reversed(path.split("/")[:-1]):
        key, equals, value = part.partition("=")
        if not equals or not key:
            break
        found.append((unquote(key), None if value == _NULL_PARTITION else unquote(value)))
    return tuple(reversed(found))


def hash_file(path: Path) -> str:
    """Hash a local file's content; returns `xxh3:` and 32 hexadecimal digits."""
    with path.open("rb") as handle:
        return hash_stream(handle)


def hash_stream(handle: IO[bytes]) -> str:
    """Hash what is left in an open file, in 4 MiB pieces, as `hash_file` does."""
    digest = xxhash.xxh3_128()
    while chunk := handle.read(_CHUNK_BYTES):
        digest.update(chunk)
    return f"xxh3:{digest.hexdigest()}"


def read_stamp(path: Path) -> Stamp:
    """Read what shows changes of a local file at no cost: size, time of the last change of its
    content and of anything about it in nanoseconds, inode."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def hide_query(uri: str) -> str:
    """Leave out of a URL what may be a secret: signatures and tokens stand in its query.

    >>> hide_query("https://host/a.csv?X-Amz-Signature=1")
    'https://host/a.csv?...'
    """
    return _SECRET_QUERY.sub("?...", uri) if "://" in uri else uri


def refuse_secrets(uri: str) -> None:
    """Refuse a URL that holds a password: it would stand in the session and in logs.

    Raises: UsageError.
    """
    parts = urlsplit(uri)
    if parts.password is not None:
        raise UsageError(
            f"{parts.scheme}://{parts.hostname}: the URL holds a password; "
            "keep it in the environment, in ~/.netrc or in the library's own settings"
        )
