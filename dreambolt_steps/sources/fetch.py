"""Brings the files of a source to this machine: local ones stay where they are, remote ones are
spooled whole."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import xxhash

from dreambolt_steps.errors import SourceError
from dreambolt_steps.sources.s3 import explain_s3_errors, open_s3
from dreambolt_steps.sources.source import SourceFile, identify_object


def fetch_file(file: SourceFile, folder: str | os.PathLike[str]) -> Path:
    """Make a source file readable as a local path.

    Args:
        file: one of `resolve_source`.
        folder: where a remote file is spooled; created when missing. A file spooled there before is
            used again.

    Returns: the local path: the file itself, or the spooled copy, which appears under its name only
    when complete.
    Raises: SourceError when the object is gone, was changed since it was resolved, or the disk is
    full;
        CredentialError when S3 refuses the keys.
    """
    if not file.is_remote:
        return Path(file.uri)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    key = xxhash.xxh3_64_hexdigest(f"{file.uri}\0{file.identity}".encode())
    target = folder / key / file.name
    if target.exists() and target.stat().st_size == file.size:
        return target
    target.parent.mkdir(exist_ok=True)
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
    try:
        _download(file, partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _download(file: SourceFile, partial: Path) -> None:
    filesystem = open_s3()
    with explain_s3_errors(file.uri):
        try:
            partial.touch()
        except OSError as error:
            raise SourceError(f"{partial.parent}: can't be written ({error.strerror})") from error
        filesystem.get_file(file.uri, str(partial))
        now = identify_object(filesystem.info(file.uri))
    size = partial.stat().st_size
    if now.identity != file.identity or size != file.size:
        raise SourceError(
            f"{file.uri}: changed while it was read ({file.size} bytes expected, {size} read, "
            f"{now.size} there now); run again"
        )
