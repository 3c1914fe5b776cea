"""Where a table comes from: local paths, globs and S3 URIs become a sorted list of files, each with
its content's identity."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xxhash

from dreambolt_steps.errors import SourceError
from dreambolt_steps.sources.s3 import check_bucket, explain_s3_errors, open_s3

_CHUNK_BYTES = 4 << 20
_GLOB_CHARACTERS = "*?["


@dataclass(frozen=True)
class SourceFile:
    """One file of a source.

    Attributes:
        uri: absolute local path, or s3://bucket/key.
        size: bytes.
        identity: changes whenever the content does: `xxh3:<hex>` of a local file,
            `etag:<etag>+<size>` of an object.
    """

    uri: str
    size: int
    identity: str

    @property
    def is_remote(self) -> bool:
        """True for an S3 object."""
        return self.uri.startswith("s3://")

    @property
    def name(self) -> str:
        """The last part of the path or key."""
        return self.uri.rsplit("/", 1)[-1]


def resolve_source(source: str | os.PathLike[str] | Sequence[str]) -> list[SourceFile]:
    """Find the files of a source and identify their content.

    Args:
        source: a local path, a glob (`data/**/*.csv`), an s3:// URI, an s3:// glob, or several of
            them.

    Returns: each file once, sorted by uri. Local files are read once, to hash them.
    Raises: SourceError (missing, no match, a folder, not readable, missing bucket or key, endpoint
    not reachable) or
        CredentialError (S3 keys not set, or refused).

    >>> [file.name for file in resolve_source("pyproject.toml")]
    ['pyproject.toml']
    """
    parts = [source] if isinstance(source, str | os.PathLike) else list(source)
    if not parts:
        raise SourceError("the source is empty; name a file, a glob or an s3:// URI")
    found: dict[str, SourceFile] = {}
    for part in map(str, parts):
        files = _resolve_s3(part) if part.startswith("s3://") else _resolve_local(part)
        found.update((file.uri, file) for file in files)
    return [found[uri] for uri in sorted(found)]


def fingerprint_source(files: Sequence[SourceFile]) -> str:
    """Hash the names and identities of files, in order: equal as long as no file is changed, added,
    removed or renamed.

    Folders do not count, so a source moved as a whole keeps its fingerprint. Returns 32 hexadecimal
    digits.
    """
    digest = xxhash.xxh3_128()
    for file in files:
        digest.update(f"{file.name}\0{file.identity}\0".encode())
    return digest.hexdigest()


def hash_file(path: Path) -> str:
    """Hash a local file's content, in 4 MiB pieces; returns `xxh3:` and 32 hexadecimal digits."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            digest.update(chunk)
    return f"xxh3:{digest.hexdigest()}"


def _resolve_local(pattern: str) -> list[SourceFile]:
    if "://" in pattern:
        scheme = pattern.split("://", 1)[0]
        raise SourceError(f"{pattern}: {scheme}:// is not supported; use a local path or s3://")
    pattern = str(Path(pattern).expanduser())
    is_glob = any(c in pattern for c in _GLOB_CHARACTERS) and not os.path.lexists(pattern)
    if not is_glob:
        return [_identify_local(Path(pattern))]
    paths = [Path(match) for match in glob.glob(pattern, recursive=True)]  # noqa: PTH207 (Path.glob takes no absolute patterns)
    files = [path for path in paths if not path.is_dir()]
    if not files:
        raise SourceError(f"{pattern}: no file matches this glob; check the folder and the pattern")
    return [_identify_local(path) for path in files]


def _identify_local(path: Path) -> SourceFile:
    try:
        if path.is_dir():
            raise SourceError(f"{path}: is a folder; use a glob such as {path / '*.csv'}")
        if path.exists() and not path.is_file():
            raise SourceError(f"{path}: is not a regular file; save its content to a file first")
        return SourceFile(str(path.absolute()), path.stat().st_size, hash_file(path))
    except FileNotFoundError as error:
        raise SourceError(f"{path}: no such file; check the path") from error
    except PermissionError as error:
        raise SourceError(f"{path}: may not be read; check its permissions") from error
    except OSError as error:
        raise SourceError(f"{path}: can't be read ({error.strerror})") from error


def _resolve_s3(uri: str) -> list[SourceFile]:
    if uri.removeprefix("s3://").startswith("/") or uri == "s3://":
        raise SourceError(f"{uri}: names no bucket; write s3://bucket/key")
    filesystem = open_s3()
    if any(c in uri for c in _GLOB_CHARACTERS):
        check_bucket(filesystem, uri)
        with explain_s3_errors(uri):
            infos = filesystem.glob(uri, detail=True).values()
        files = [identify_object(info) for info in infos if info["type"] == "file"]
        if not files:
            raise SourceError(f"{uri}: no object matches this glob; check prefix and pattern")
        return files
    with explain_s3_errors(uri):
        try:
            info = filesystem.info(uri)
        except (FileNotFoundError, ValueError):
            check_bucket(filesystem, uri)
            raise
    if info["type"] != "file":
        raise SourceError(f"{uri}: is a prefix; use a glob such as {uri.rstrip('/')}/*.csv")
    return [identify_object(info)]


def identify_object(info: dict[str, Any]) -> SourceFile:
    """Build the SourceFile of an S3 object from what s3fs says about it."""
    etag = str(info["ETag"]).strip('"')
    return SourceFile(f"s3://{info['name']}", int(info["size"]), f"etag:{etag}+{info['size']}")
