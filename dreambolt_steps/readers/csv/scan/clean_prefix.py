"""The front of a large file that holds nothing but well-formed rows, found on every core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from dreambolt_steps.readers.csv.scan.block_validator import BlockChecker
from dreambolt_steps.readers.text.text_bytes import is_utf8

BLOCK_BYTES = 1 << 19
PART_BYTES = 4 << 20
_LONGEST_LINE = 1 << 20


def find_sound_end(
    path: Path,
    start: int,
    end: int,
    line_end: bytes,
    make_checker: Callable[[], BlockChecker],
    *,
    part_bytes: int = PART_BYTES,
) -> int:
    """Find how far a file is well-formed, looking at as many parts at a time as there are cores.

    Each part begins behind a line end, and passes if it is used up by whole rows. So where all
    before it pass, a part begins with a row, and not within a quoted field. Behind the first part
    that does not pass nothing is judged: it may be sound.

    Args:
        path: a delimited file.
        start: where its rows begin, in bytes.
        end: where to stop, in bytes; a part that reaches beyond it is not looked at.
        line_end: how its lines end.
        make_checker: makes a checker for one thread.
        part_bytes: how large parts are, about.

    Returns: the byte behind the last part that passed; `start` if none did.
    """
    cores = os.cpu_count() or 1
    parts = _cut_parts(path, start, end, line_end, part_bytes)
    with ThreadPoolExecutor(cores) as pool:
        while wave := list(islice(parts, cores)):
            passed = pool.map(lambda part: _is_sound(path, part, make_checker()), wave)
            for (_, behind), is_sound in zip(wave, list(passed), strict=True):
                if not is_sound:
                    return start
                start = behind
    return start


def _cut_parts(
    path: Path, start: int, end: int, line_end: bytes, part_bytes: int
) -> Iterator[tuple[int, int]]:
    with path.open("rb") as file:
        while start + part_bytes < end:
            file.seek(start + part_bytes - len(line_end))
            found = file.read(_LONGEST_LINE).find(line_end)
            behind = start + part_bytes + found
            if found < 0 or behind > end:
                return
            yield start, behind
            start = behind


def _is_sound(path: Path, part: tuple[int, int], checker: BlockChecker) -> bool:
    """Tell whether whole well-formed rows are all there is from one byte to another."""
    start, behind = part
    block = b""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while start < behind:
            block += file.read(min(BLOCK_BYTES, behind - start - len(block)))
            used = checker.check(block)
            if not used or not is_utf8(block[:used]):
                return False
            start, block = start + used, block[used:]
    return True
