"""Where a table comes from: paths, globs, folders and URLs become a sorted list of files, each with
its content's identity."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import xxhash

from dreambolt_steps.errors import SourceError
from dreambolt_steps.sources.archive import list_members
from dreambolt_steps.sources.expand import find_compression
from dreambolt_steps.sources.http import keep_copy, resolve_http
from dreambolt_steps.sources.leave_out import leave_out
from dreambolt_steps.sources.local import resolve_local
from dreambolt_steps.sources.remote import explain_remote_errors, open_remote, resolve_remote
from dreambolt_steps.sources.source_file import SourceFile, hash_file, read_stamp, refuse_secrets
from dreambolt_steps.sources.suffixes import ARCHIVE_SUFFIX

__all__ = ["SourceFile", "check_unchanged", "fingerprint_source", "hash_file", "resolve_source"]
_MEMBER_MARK = f"{ARCHIVE_SUFFIX}!"


def resolve_source(
    source: str | os.PathLike[str] | Sequence[str],
    identify: Callable[[Path], str] = hash_file,
) -> list[SourceFile]:
    """Find the files of a source and identify their content.

    Args:
        source: a path, a glob (`data/**/*.csv`), a folder, an http(s):// URL, an s3:// URI or the
            URL of any other file system that fsspec opens, with globs and folders as well; or
            several of them. A zip stands for its members; `a.zip!*.csv` names some of them.
        identify: gives the hash of a local file.

    Returns: each file once, sorted by uri. Local files are read once, to hash them; of remote ones
    only what the server says is asked for.
    Raises: SourceError (missing, no match, not readable, missing bucket or key, server not
    reachable), CredentialError (not set, or refused) or UsageError (a password in a URL).

    >>> [file.name for file in resolve_source("pyproject.toml")]
    ['pyproject.toml']
    """
    parts = [source] if isinstance(source, str | os.PathLike) else list(source)
    if not parts:
        raise SourceError("the source is empty; name a file, a glob, a folder or a URL")
    found: dict[str, SourceFile] = {}
    for part in map(str, parts):
        found.update((file.uri, file) for file in _resolve(part, identify))
    return [found[uri] for uri in sorted(found)]


def fingerprint_source(files: Sequence[SourceFile]) -> str:
    """Hash the names, identities and partitions of files, in order: equal as long as no file is
    changed, added, removed or renamed.

    Other folders do not count, so a source moved as a whole keeps its fingerprint. Returns 32
    hexadecimal digits.
    """
    digest = xxhash.xxh3_128()
    for file in files:
        digest.update(f"{file.name}\0{file.identity}\0".encode())
        if file.partitions:
            digest.update(f"{file.partitions!r}\0".encode())
    return digest.hexdigest()


def check_unchanged(files: Sequence[SourceFile]) -> None:
    """Check that local files still are what they were when the source was resolved.

    Only those whose size or time of change differs are hashed again. Copies of remote files were
    checked when they were fetched.

    Raises: SourceError naming the first file that changed while it was read.
    """
    for file in files:
        local = file.container or file
        if local.is_remote or local.stamp is None:
            continue
        path = Path(local.uri)
        try:
            if read_stamp(path) == local.stamp or hash_file(path) == local.identity:
                continue
        except OSError as error:
            raise SourceError(f"{path}: went away while it was read; run again") from error
        raise SourceError(f"{path}: changed while it was read; run again once it is complete")


def _resolve(part: str, identify: Callable[[Path], str]) -> list[SourceFile]:
    if "://" in part:
        refuse_secrets(part)
    pattern = None
    if _MEMBER_MARK in part.lower():
        place = part.lower().index(_MEMBER_MARK) + len(ARCHIVE_SUFFIX)
        part, pattern = part[:place], part[place + 1 :]
    if part.startswith(("http://", "https://")):
        files = resolve_http(part)
    elif "://" in part and not part.startswith("file://"):
        files = resolve_remote(part)
    else:
        files = resolve_local(part, identify)
    found = []
    for file in files:
        is_zip = file.name.lower().endswith(ARCHIVE_SUFFIX) and (file.is_remote or _is_zip(file))
        members = _open_zip(file, pattern) if is_zip else [file]
        found += leave_out(members) if is_zip and pattern is None else members
    return leave_out(found) if len(files) > 1 else found


def _is_zip(file: SourceFile) -> bool:
    """Whether a local file begins as a zip does; one that is empty says so itself."""
    with Path(file.uri).open("rb") as handle:
        head = handle.read(4)
    return not head or find_compression(head) == "zip"


def _open_zip(archive: SourceFile, pattern: str | None) -> list[SourceFile]:
    if not archive.is_remote:
        with Path(archive.uri).open("rb") as handle:
            return list_members(archive, handle, pattern)
    if archive.uri.startswith(("http://", "https://")):
        with keep_copy(archive).open("rb") as handle:
            return list_members(archive, handle, pattern)
    with explain_remote_errors(archive.uri), open_remote(archive.uri).open(archive.uri) as handle:
        return list_members(archive, handle, pattern)
