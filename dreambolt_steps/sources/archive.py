"""Zip archives: their members as files of a source, and getting one out."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import xxhash

from dreambolt_steps.errors import SourceError
from dreambolt_steps.sources.expand import copy_within_limit
from dreambolt_steps.sources.globs import compile_glob
from dreambolt_steps.sources.source_file import SourceFile, find_partitions
from dreambolt_steps.sources.suffixes import ARCHIVE_SUFFIX, is_table_name

_ENCRYPTED = 1
_LOCAL_HEADER_BYTES = 30


def list_members(
    archive: SourceFile, handle: IO[bytes], pattern: str | None = None
) -> list[SourceFile]:
    """List the files in a zip that are read: those that match the pattern; without one, those of
    known formats; or the only file there is.

    Names are never used as paths on this machine.

    Args:
        archive: the zip.
        handle: its content, seekable.
        pattern: a member's name, or a glob.

    Raises: SourceError for a damaged or encrypted zip, a zip inside the zip, or nothing to read.
    """
    shown = archive.shown
    with explain_zip_errors(shown), zipfile.ZipFile(handle) as opened:
        entries = [entry for entry in opened.infolist() if _is_file(entry)]
        known = [entry for entry in entries if is_table_name(entry.filename)]
        if pattern is not None:
            wanted = compile_glob(pattern)
            known = [one for one in entries if one.filename == pattern]
            known = known or [one for one in entries if wanted.fullmatch(one.filename)]
        elif not known and len(entries) == 1:
            known = entries
        if not known:
            names = ", ".join(entry.filename for entry in entries[:5]) or "nothing"
            raise SourceError(
                f"{shown}: no member to read; it holds {names}; name one as {archive.name}!MEMBER"
            )
        for entry in known:
            if entry.flag_bits & _ENCRYPTED:
                raise SourceError(f"{shown}!{entry.filename}: is encrypted; unpack it first")
            if entry.filename.lower().endswith(ARCHIVE_SUFFIX):
                raise SourceError(
                    f"{shown}!{entry.filename}: is a zip inside a zip; unpack the outer one first"
                )
        return [_identify(archive, entry, handle) for entry in known]


def extract_member(
    file: SourceFile, archive: Path, target: Path, max_expanded_bytes: int | None
) -> None:
    """Unpack one member of a local zip into `target`.

    Raises: SourceError when it is gone, damaged, or larger than it may be.
    """
    shown = file.shown
    with explain_zip_errors(shown), zipfile.ZipFile(archive) as opened:
        try:
            entry = opened.getinfo(file.member or "")
        except KeyError as error:
            raise SourceError(f"{shown}: is no longer in the zip; run again") from error
        with opened.open(entry) as source, target.open("wb") as sink:
            copy_within_limit(source, sink, entry.compress_size, max_expanded_bytes, shown)


@contextmanager
def explain_zip_errors(shown: str) -> Iterator[None]:
    """Turn what `zipfile` raises into one clear line."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error) as error:
        raise SourceError(f"{shown}: zip truncated or damaged ({error})") from error
    except (NotImplementedError, RuntimeError) as error:
        raise SourceError(f"{shown}: can't be unpacked ({error}); unpack it first") from error


def _is_file(entry: zipfile.ZipInfo) -> bool:
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    return not entry.is_dir() and not is_link and not entry.filename.startswith("__MACOSX/")


def _identify(archive: SourceFile, entry: zipfile.ZipInfo, handle: IO[bytes]) -> SourceFile:
    uri = f"{archive.uri}!{entry.filename}"
    if archive.is_remote:
        identity = f"{archive.identity}!{entry.filename}"
    else:
        identity = _hash_packed(entry, handle)
    partitions = archive.partitions + find_partitions(entry.filename)
    return SourceFile(uri, entry.file_size, identity, partitions, container=archive)


def _hash_packed(entry: zipfile.ZipInfo, handle: IO[bytes]) -> str:
    """Hash a member as it is packed, without unpacking it."""
    handle.seek(entry.header_offset)
    header = handle.read(_LOCAL_HEADER_BYTES)
    handle.seek(sum(struct.unpack("<HH", header[26:30])), 1)
    digest, left = xxhash.xxh3_128(), entry.compress_size
    while chunk := handle.read(min(left, 4 << 20)):
        digest.update(chunk)
        left -= len(chunk)
    return f"xxh3:{digest.hexdigest()}"
