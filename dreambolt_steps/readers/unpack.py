"""Files as they lie on disk made files of one format each: unpacked, and zips taken apart."""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.detect_format import is_office_zip
from dreambolt_steps.sources.archive import list_members
from dreambolt_steps.sources.expand import expand_file, find_compression
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.leave_out import leave_out
from dreambolt_steps.sources.source_file import Partitions, SourceFile
from dreambolt_steps.sources.suffixes import split_suffixes

_MAX_LAYERS = 3


@dataclass(frozen=True)
class PlainFile:
    """One uncompressed file.

    Attributes:
        path: where it lies, perhaps unpacked into a spool.
        name: its own name, whose suffix tells its format.
        shown: what reports and errors call it.
        partitions: columns that stand in the folders above it.
        findings: where its compression is not what its name says, what stands behind its packed
            content, and what beside it in its zip is not read.
    """

    path: Path
    name: str
    shown: str
    partitions: Partitions = ()
    findings: tuple[str, ...] = ()


def unpack_file(
    path: Path, source: SourceFile | None, spool: Path, max_expanded_bytes: int | None
) -> list[PlainFile]:
    """Unpack a file as often as it is packed; a zip becomes its members.

    Args:
        path: a local file.
        source: what it was fetched from, if it was.
        spool: folder for what is unpacked.
        max_expanded_bytes: see `expand_file`; for each file and layer.

    Raises: SourceError (damaged, encrypted, larger than it may be, nothing to read in a zip).
    """
    shown = source.shown if source else str(path)
    name = source.own_name if source else path.name
    partitions = source.partitions if source else ()
    finding = ""
    findings: tuple[str, ...] = ()
    for _ in range(_MAX_LAYERS):
        with path.open("rb") as handle:
            found = find_compression(handle.read(8))
        said = split_suffixes(name)[1]
        if found == "zip" and is_office_zip(path, name):
            found = None
        if found is None:
            if said is not None:
                finding = f"is named as {said}, but is not packed; read as it is"
                path = _link_plainly(path, name, spool)
            findings = tuple(filter(None, (*findings, finding)))
            return [PlainFile(path, _drop_suffix(name), shown, partitions, findings)]
        if found == "zip":
            return _unpack_members(path, shown, partitions, spool, max_expanded_bytes)
        if said != found:
            finding = f"is packed with {found}, which its name does not say; unpacked"
        with tempfile.NamedTemporaryFile(dir=spool, delete=False) as target:
            unpacked = Path(target.name)
        findings = (*findings, expand_file(path, found, unpacked, max_expanded_bytes))
        path, name = unpacked, _drop_suffix(name)
    raise SourceError(f"{shown}: is packed more than {_MAX_LAYERS} times; unpack it first")


def _unpack_members(
    path: Path, shown: str, partitions: Partitions, spool: Path, max_expanded_bytes: int | None
) -> list[PlainFile]:
    archive = SourceFile(str(path), path.stat().st_size, "", partitions)
    with path.open("rb") as handle:
        members = leave_out(list_members(archive, handle))
    files = []
    for member in members:
        copy = fetch_file(member, spool, max_expanded_bytes=max_expanded_bytes)
        for plain in unpack_file(copy, member, spool, max_expanded_bytes):
            called = f"{shown}!{member.member}"
            files.append(
                PlainFile(
                    plain.path,
                    plain.name,
                    called,
                    plain.partitions,
                    (*member.notes, *plain.findings),
                )
            )
    return files


def _link_plainly(path: Path, name: str, spool: Path) -> Path:
    """A link without the suffix, by which readers would take the file for a packed one."""
    link = spool / f"{uuid.uuid4().hex}-{Path(_drop_suffix(name)).name}"
    link.symlink_to(path.absolute())
    return link


def _drop_suffix(name: str) -> str:
    return name.rsplit(".", 1)[0] if split_suffixes(name)[1] else name
