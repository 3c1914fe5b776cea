"""Hashes of local files that need not be taken again, as git knows files again."""

from __future__ import annotations

import json
import time
from pathlib import Path

from dreambolt_steps.sources.source_file import Stamp, hash_file, read_stamp

_MARGIN_NS = 2_000_000_000  # file systems keep times in ticks of up to two seconds


class KnownHashes:
    """The hashes of one source's local files, with what the file system said of each.

    A file is taken for what it was while its size, the times of its last change of content and of
    anything, and its inode are what they were. The second time can't be set by a program: it tells
    a change under an old date, or a file moved into the place of another. What was changed in the
    seconds before it was hashed is hashed once more the next time, as its times may not tell a
    change within the same tick.
    """

    def __init__(self, path: Path, *, trust: bool = True) -> None:
        """Read what is known.

        Args:
            path: where it is kept; a missing or damaged file is an empty one.
            trust: whether what is known counts; otherwise everything is hashed anew.
        """
        self._path = path
        self._known: dict[str, tuple[Stamp, str]] = {}
        self._seen: dict[str, tuple[Stamp, str]] = {}
        if trust:
            try:
                found = json.loads(path.read_text(encoding="utf-8"))
                self._known = {uri: (tuple(stat), told) for uri, (stat, told) in found.items()}
            except (OSError, ValueError, TypeError, AttributeError):
                pass

    def identify(self, path: Path) -> str:
        """The hash of a file: the known one, or a new one."""
        uri, before = str(path.absolute()), read_stamp(path)
        known = self._known.get(uri)
        if known and known[0] == before:
            identity = known[1]
        else:
            now = time.time_ns()
            identity = hash_file(path)
            if max(before[1:3]) > now - _MARGIN_NS:
                return identity
        self._seen[uri] = (before, identity)
        return identity

    def save(self) -> None:
        """Keep the hashes of the files that were identified, and of no others."""
        if self._seen == self._known:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        aside = self._path.with_name(f".{self._path.name}.partial")
        aside.write_text(json.dumps(self._seen), encoding="utf-8")
        aside.replace(self._path)
