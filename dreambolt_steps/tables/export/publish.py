"""Folders that appear whole or not at all: staged beside their place, then renamed into it."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dreambolt_steps.tables.export.manifest import MANIFEST_NAME

_PART_NAME = re.compile(r"part-\d{5}(-[0-9a-f]{8})?\.parquet")
_STAGED_NAME = re.compile(r"\.dreambolt-.+-[0-9a-f]{8}\.tmp")
_AT_FDCWD = -100  # Linux: paths are relative to the working directory
_EXCHANGE = 2  # Linux RENAME_EXCHANGE and macOS RENAME_SWAP alike


@contextmanager
def stage_folder(target: Path) -> Iterator[Path]:
    """Open a temporary folder beside `target`; it is gone at the end, whatever happens.

    The folder is locked while it is open. The kernel drops the lock when the process dies, so
    temporaries that nobody locks belong to dead runs: those beside `target` are removed first.

    Args:
        target: the place the content is meant for; its parent must exist.

    Yields: the temporary folder, in the same file system as `target`.

    Raises:
        OSError: the parent can't be written.

    Example:
        with stage_folder(Path("out/players")) as folder:
            (folder / "part-00000.parquet").write_bytes(data)
            publish_folder(folder, Path("out/players"))
    """
    sweep_stale(target.parent)
    folder, lock = _make_locked(target)
    try:
        yield folder
    finally:
        _remove_own(folder)
        os.close(lock)


def publish_folder(folder: Path, target: Path) -> None:
    """Put a staged folder in the place of `target`, in one step.

    Where `target` exists the two are exchanged, and the old one is left under the temporary name. A
    file system that can't exchange folders (NFS, for one) has a moment without `target`.

    Raises:
        OSError: `target` can't be renamed (it is a mount point, for one).
    """
    if not target.exists():
        folder.rename(target)
    elif not _exchange(folder, target):
        old = _name_staged(target)
        target.rename(old)
        folder.rename(target)
        _remove_own(old)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep_stale(parent: Path) -> None:
    """Remove the temporary folders of dead runs from `parent`; those in use are left alone."""
    for entry in sorted(parent.iterdir()):
        if not _STAGED_NAME.fullmatch(entry.name) or entry.is_symlink() or not entry.is_dir():
            continue
        with suppress(OSError):  # locked by a living run, or swept by another one just now
            lock = os.open(entry, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove_own(entry)
            finally:
                os.close(lock)


def _make_locked(target: Path) -> tuple[Path, int]:
    while True:
        folder = _name_staged(target)
        folder.mkdir()
        lock = -1
        with suppress(BlockingIOError, FileNotFoundError):  # a sweep met it before it was locked
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                # Without locks in the file system a sweep can't lock either, and removes nothing.
                if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                    raise
            if folder.stat().st_ino == os.fstat(lock).st_ino:
                return folder, lock
        if lock >= 0:
            os.close(lock)


def _name_staged(target: Path) -> Path:
    # a file name holds 255 bytes; the cut may split a character
    name = target.name.encode()[:200].decode(errors="ignore")
    return target.with_name(f".dreambolt-{name}-{secrets.token_hex(4)}.tmp")


def _remove_own(folder: Path) -> None:
    """Remove a folder of ours; files of somebody else, and so the folder, stay."""
    with suppress(FileNotFoundError):
        for entry in folder.iterdir():
            if _PART_NAME.fullmatch(entry.name) or entry.name == MANIFEST_NAME:
                entry.unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()


def _exchange(folder: Path, target: Path) -> bool:
    """Exchange two folders in one step; False where system or file system can't."""
    libc = ctypes.CDLL(None, use_errno=True)
    one, other = os.fsencode(folder), os.fsencode(target)
    if sys.platform == "darwin":
        failed = libc.renamex_np(one, other, _EXCHANGE)
    elif hasattr(libc, "renameat2"):
        failed = libc.renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _EXCHANGE)
    else:
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(target))
