"""The part of a file that is passed over without a walk: never more than well-formed rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambolt_steps.readers.csv.scan.block_validator import BlockChecker
from dreambolt_steps.readers.csv.scan.clean_prefix import find_sound_end
from dreambolt_steps.readers.csv.sniff.dialect import DialectOverrides
from dreambolt_steps.readers.csv.sniff.sniff import detect

HEAD = b"a,b\n"
FindEnd = Callable[..., int]


@pytest.fixture(scope="module")
def find_end(tmp_path_factory: pytest.TempPathFactory) -> FindEnd:
    """Judge rows behind a header, in parts of so many bytes."""
    path = tmp_path_factory.mktemp("front") / "x.csv"
    path.write_bytes(HEAD + b"1,2\n3,4\n")
    overrides = DialectOverrides(delimiter=",", quote='"', escape='"', header=True)
    found = detect(path, overrides, encoding="utf-8", mark=0, pad=False)
    checker = partial(BlockChecker, found.dialect, found.layout, b"\n", found.dialect)

    def find(text: bytes, part_bytes: int = 16) -> int:
        path.write_bytes(HEAD + text)
        end = len(HEAD + text)
        return find_sound_end(path, len(HEAD), end, b"\n", checker, part_bytes=part_bytes)

    return find


fields = st.one_of(
    st.from_regex(r"[a-z]{0,6}", fullmatch=True),
    st.from_regex(r'"(?:[a-z,\n]|""){0,8}"', fullmatch=True),
)
rows = st.lists(st.tuples(fields, fields).map(",".join), min_size=1, max_size=30)


@given(rows, st.integers(1, 40))
def test_what_passes_ends_with_a_row_of_an_independent_reader(
    find_end: FindEnd, lines: list[str], part_bytes: int
) -> None:
    text = "".join(f"{line}\n" for line in lines)
    end = find_end(text.encode(), part_bytes) - len(HEAD)
    passed = list(csv.reader(io.StringIO(text[:end], newline="")))
    assert passed == list(csv.reader(io.StringIO(text, newline="")))[: len(passed)]
    assert "".join(f"{line}\n" for line in lines[: len(passed)]) == text[:end]


@given(rows, st.sampled_from(['x"y,1', "1,2,3", "1", "", '"a" ,b', "a,b", "1,\0", "1,2\r"]))
def test_nothing_passes_from_an_odd_row_on(find_end: FindEnd, lines: list[str], odd: str) -> None:
    before = "".join(f"{line}\n" for line in lines)
    text = before + f"{odd}\n" + "1,2\n" * 50
    assert find_end(text.encode()) - len(HEAD) <= len(before)


def test_all_but_the_last_part_passes(find_end: FindEnd) -> None:
    text = b'1,"x y"\n' * 1000
    assert len(text) - 64 <= find_end(text) - len(HEAD) <= len(text)


def test_bytes_that_are_no_utf8_do_not_pass(find_end: FindEnd) -> None:
    text = b"1,2\n" * 100 + b"1,\xff\n" + b"1,2\n" * 100
    assert 350 <= find_end(text) - len(HEAD) <= 400


@pytest.mark.parametrize("line", [b"1," + b"x" * (2 << 20) + b"\n", b"1,"])
def test_a_row_that_is_longer_than_a_part_is_left_to_the_walk(
    find_end: FindEnd, line: bytes
) -> None:
    assert find_end(line + b"1,2\n") == len(HEAD)
