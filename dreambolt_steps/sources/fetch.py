"""Brings the files of a source to this machine: local ones stay where they are, remote ones and
members of a zip are spooled whole."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import xxhash

from dreambolt_steps.errors import SourceError
from dreambolt_steps.sources.archive import extract_member
from dreambolt_steps.sources.expand import explain_full_disk
from dreambolt_steps.sources.http import download_http
from dreambolt_steps.sources.remote import explain_remote_errors, identify_object, open_remote
from dreambolt_steps.sources.source_file import SourceFile, hash_file

_MAX_NAME_BYTES = 120


def fetch_file(
    file: SourceFile, folder: str | os.PathLike[str], *, max_expanded_bytes: int | None = None
) -> Path:
    """Make a source file readable as a local path.

    Args:
        file: one of `resolve_source`.
        folder: where a remote file or a member of a zip is spooled; created when missing. A file
            spooled there before is used again.
        max_expanded_bytes: what a member of a zip may unpack to (see `expand_file`).

    Returns: the local path: the file itself, or the spooled copy, which appears under its name only
    when complete.
    Raises: SourceError when the file is gone, was changed since it was resolved, unpacks to too
    much, or the disk is full; CredentialError when the server refuses the credentials.
    """
    if file.container is None and not file.is_remote:
        return Path(file.uri)
    folder = Path(folder)
    key = xxhash.xxh3_64_hexdigest(f"{file.uri}\0{file.identity}".encode())
    target = folder / key / _name_copy(file)
    if target.exists() and target.stat().st_size == file.size:
        return target
    archive = fetch_file(file.container, folder) if file.container else None

    def write(partial: Path) -> None:
        if archive is not None:
            extract_member(file, archive, partial, max_expanded_bytes)
        elif file.uri.startswith(("http://", "https://")):
            with explain_full_disk(file.shown):
                download_http(file, partial)
        else:
            _download(file, partial)

    _write_whole(target, write)
    return target


def _write_whole(target: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file that gets its name when it is complete."""
    partial = target.with_name(f".{uuid.uuid4().hex}.partial")
    try:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.touch()
        except OSError as error:
            raise SourceError(f"{target.parent}: can't be written ({error.strerror})") from error
        write(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _name_copy(file: SourceFile) -> str:
    """The last part of the file's name: its end tells the format, so a long one is cut in front."""
    last = (file.member or file.name).replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "")
    short = last.encode()[-_MAX_NAME_BYTES:].decode(errors="ignore")
    return short if short.strip(".") else "file"


def _download(file: SourceFile, partial: Path) -> None:
    filesystem = open_remote(file.uri)
    with explain_remote_errors(file.uri):
        filesystem.get_file(file.uri, str(partial))
        is_hashed = file.identity.startswith("xxh3:")
        now = None if is_hashed else filesystem.info(file.uri)
    size = partial.stat().st_size
    found = (
        hash_file(partial) if now is None else identify_object(filesystem, file.uri, now).identity
    )
    if found != file.identity or size != file.size:
        raise SourceError(
            f"{file.shown}: changed while it was read ({file.size} bytes expected, "
            f"{size} read); run again"
        )
