"""Files on this machine: one, those of a glob, those of a folder."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

from dreambolt_steps.errors import MissingSourceError, SourceError
from dreambolt_steps.sources.globs import compile_glob, has_glob
from dreambolt_steps.sources.source_file import (
    SourceFile,
    find_partitions,
    hash_file,
    read_stamp,
)
from dreambolt_steps.sources.suffixes import is_table_name


def resolve_local(pattern: str, identify: Callable[[Path], str] = hash_file) -> list[SourceFile]:
    """Find local files and hash them.

    Args:
        pattern: a path, a `file://` URL, a glob, or a folder: all files of known formats in it and
            below, hidden ones and those that begin with `_` left out.
        identify: gives a file's hash.

    Returns: each file once, also where symlinks show it in several places or in a loop.
    Raises: SourceError (missing, no match, not readable, not a regular file).
    """
    if pattern.startswith("file://"):
        pattern = unquote(pattern.removeprefix("file://"))
    pattern = str(Path(pattern).expanduser())
    try:
        return [_identify(path, identify) for path in _find(pattern)]
    except FileNotFoundError as error:
        raise MissingSourceError(f"{error.filename}: no such file; check the path") from error
    except PermissionError as error:
        raise SourceError(f"{error.filename}: may not be read; check its permissions") from error
    except OSError as error:
        raise SourceError(f"{error.filename}: can't be read ({error.strerror})") from error


def _find(pattern: str) -> list[Path]:
    if not has_glob(pattern) or os.path.lexists(pattern):
        path = Path(pattern)
        return _search_named_folder(path) or [path]
    matches = [Path(match) for match in _match(pattern)]
    files = [path for path in matches if not path.is_dir()]
    if not files:  # such as data/year=*
        files = [file for folder in matches for file in _search_folder(folder)]
    if not files:
        raise MissingSourceError(
            f"{pattern}: no file matches this glob; check the folder and the pattern"
        )
    return _drop_repeats(files)


def _search_named_folder(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    files = _drop_repeats(_search_folder(path))
    if not files:
        raise MissingSourceError(
            f"{path}: is a folder without files of a known format; use a glob such as "
            f"{path / '*'} to name them"
        )
    return files


def _search_folder(folder: Path) -> Iterator[Path]:
    for path in _walk(folder):
        if is_table_name(path.relative_to(folder).as_posix()):
            yield path


def _walk(root: Path) -> Iterator[Path]:
    """Yield the files below a folder; each folder once, through its own name rather than a
    symlink to it."""
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        links: list[Path] = []
        folders = waiting
        while folders:
            folder = folders.pop()
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            for entry in sorted(folder.iterdir()):
                if not entry.is_dir():
                    yield entry
                elif entry.is_symlink():
                    links.append(entry)
                else:
                    folders.append(entry)
        waiting = links


def _match(pattern: str) -> list[str]:
    if "**" not in pattern:
        return glob.glob(pattern)  # noqa: PTH207 (Path.glob takes no absolute patterns)
    head, _, tail = pattern.partition("**")
    wanted = compile_glob(f"**{tail}")
    roots = [head or "."] if not has_glob(head) else glob.glob(head)  # noqa: PTH207
    return [
        str(path)
        for root in map(Path, roots)
        if root.is_dir()
        for path in _walk(root)
        if wanted.fullmatch(path.relative_to(root).as_posix())
    ]


def _drop_repeats(paths: Iterator[Path] | list[Path]) -> list[Path]:
    found: dict[Path, Path] = {}
    for path in paths:
        found.setdefault(path.resolve(), path)
    return list(found.values())


def _identify(path: Path, identify: Callable[[Path], str]) -> SourceFile:
    if path.exists() and not path.is_file():
        raise SourceError(f"{path}: is not a regular file; save its content to a file first")
    stamp = read_stamp(path)  # before the content, so that a change meanwhile shows
    uri = str(path.absolute())
    return SourceFile(uri, stamp[0], identify(path), find_partitions(uri), stamp=stamp)
