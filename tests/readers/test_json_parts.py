"""The parts that JSON is read with: long numbers, elements cut out of documents, types, floats."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dreambolt_steps.readers.json import blocks, elements
from dreambolt_steps.readers.json.elements import write_elements
from dreambolt_steps.readers.json.exact_parser import render_float
from dreambolt_steps.readers.json.find_rows import find_records, has_lines
from dreambolt_steps.readers.json.numbers import find_long_numbers
from dreambolt_steps.readers.json.types import make_arrow_type, merge_types


@pytest.mark.parametrize(
    ("text", "wide", "exact"),
    [
        ("123456789012345", False, False),
        ("1234567890123456", True, False),
        ("-9223372036854775807", True, False),
        ("9223372036854775808", True, True),
        ("12345678901234567890", True, True),
        ("0.30000000000000004", False, False),
        ("-179.99948322178776", False, False),
        ("0.000000012345678901234567", False, False),
        ("1.234567890123456789", False, True),
        ("12345678901234567.5", False, True),
        ("1" * 70, True, True),
        ("1234567890123456789e2", False, True),
        ('"12345678901234567890"', False, False),
        ('"at 12345678901234567890 x"', False, False),
        ('"ab12345678901234567890"', False, False),
        ("[1234567890123456,12345678901234567890]", True, True),
        ("[12345678901234567890,1234567890123456]", True, True),
    ],
)
def test_long_numbers(text: str, wide: bool, exact: bool) -> None:
    for before in range(8):
        found = find_long_numbers(b" " * before + f'{{"a":{text}}}'.encode())
        if '"at' not in text:  # within a string one may be seen
            assert found == (wide, exact)


NUMBERS = st.integers(-(10**25), 10**25) | st.floats(allow_nan=False, allow_infinity=False)
DIGITS = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,25})?(e[+-]?[0-9]{1,2})?", fullmatch=True)


@settings(max_examples=300)
@given(st.lists(st.one_of(NUMBERS.map(str), DIGITS), min_size=1, max_size=8))
@example(["1234567890123456", "1" * 25, "12345678901234567"])
def test_no_long_number_is_missed(numbers: list[str]) -> None:
    wide, exact = find_long_numbers(f"[{','.join(numbers)}]".encode())
    for text in numbers:
        digits = re.sub(r"e.*|[.-]", "", text.lower()).lstrip("0")
        is_integer = "." not in text and "e" not in text
        if (is_integer and len(digits) > 19) or (not is_integer and len(digits) > 17):
            assert exact, text
        if is_integer and not -(2**63) < int(text) < 2**63:
            assert exact, text
        if is_integer and abs(int(text)) > 2**53:
            assert wide, text


@settings(max_examples=300)
@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1e21)
@example(1e-6)
@example(9.999999e-7)
@example(5e-324)
def test_floats_are_written_as_duckdb_writes_them(value: float) -> None:
    want = duckdb.execute("select json_extract(?::json, '$')", [repr(value)]).fetchall()[0][0]
    assert render_float(value) == want
    assert float(render_float(value)) == value


TEXTS = st.text(max_size=5) | st.sampled_from(['"', "\\", '\\"', "{", "]", ",", "\n", '"},{"'])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
INDENTS = st.sampled_from([None, 0, 2])


@settings(max_examples=200)
@given(st.lists(VALUES, max_size=5), INDENTS, st.booleans(), st.integers(1, 40))
def test_elements_are_cut_at_their_places(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[Any],
    indent: int | None,
    is_ascii: bool,
    chunk: int,
) -> None:
    folder = tmp_path_factory.mktemp("json")
    text = json.dumps(values, indent=indent, ensure_ascii=is_ascii).encode(errors="replace")
    values = json.loads(text)
    (folder / "a.json").write_bytes(text + b" \n tail")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(elements, "_CHUNK_BYTES", chunk)
        end = write_elements(folder / "a.json", 1, folder / "lines", in_array=True)
    assert end == len(text)
    written = (folder / "lines").read_bytes()
    assert len(written) == len(text) - 2
    assert [json.loads(line) for line in written.split(b"\n") if line.strip()] == values


@pytest.mark.parametrize("chunk", [1, 3, 1 << 20])
def test_line_ends_within_strings_stay_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(elements, "_CHUNK_BYTES", chunk)
    (tmp_path / "a").write_bytes(b'[{"a":\n"x\ny"},{"b":"\\\\"},{"c":"\\\\\\"]"}')
    assert write_elements(tmp_path / "a", 1, tmp_path / "b", in_array=True) is None
    lines = (tmp_path / "b").read_bytes().split(b"\n")
    assert lines == [b'{"a": "x\x01y"}', b'{"b":"\\\\"}', b'{"c":"\\\\\\"]"}']


@pytest.mark.parametrize(
    ("text", "record", "path", "outside"),
    [
        ('[{"a":1}]', None, (), ()),
        ('{"a":1}', None, (), ()),
        ('{"n":1,"data":[{"a":1},{"a":2}],"more":[{"b":1}]}', None, ("data",), ("n", "more")),
        ('{"a":{"b":{"c":[{"x":1}]}},"d":[1,2]}', None, ("a", "b", "c"), ("d",)),
        ('{"a":[[{"x":1}]],"b":[{"y":[{"z":1}]}]}', None, ("b",), ("a",)),
        ('{"a":[{"x":1},{"x":2}],"b":[{"y":1}]}', "b", ("b",), ("a",)),
        ('{"a":[{"x":1}]}', ".", (), ()),
        ('{"d\\u00e4ta": [ {"x":1} ]}', None, ("däta",), ()),
        ('{"s":"[{\\"x\\":1}]","t":[{"x":1}]}', None, ("t",), ("s",)),
        ('{"a":[{"x":1},{"x":2', None, ("a",), ()),
    ],
)
def test_where_the_rows_are(
    tmp_path: Path, text: str, record: str | None, path: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    (tmp_path / "a.json").write_text(text)
    found = find_records(tmp_path / "a.json", record)
    assert (found.path, found.outside) == (path, outside)
    assert text.encode()[found.start : found.start + 1] == b"{"


@pytest.mark.parametrize(
    ("text", "is_named", "want"),
    [
        ('{"a":1}\n{"a":2}\n', False, True),
        ('{"a":1}\n', False, False),
        ('{\n"a":1}\n', False, False),
        ('[\n{"a":1},\n{"a":2}\n]\n', False, False),
        ('nope\n{"a":1}\n', True, True),
        ('nope\n{"a":1}\n{"a":1}', False, True),
        ('{\n"a":1}\n', True, False),
        ("nope", True, True),
        ("[1]", True, False),
    ],
)
def test_lines_are_told_from_documents(text: str, is_named: bool, want: bool) -> None:
    assert has_lines(text.encode(), is_cut=False, is_named=is_named) is want


KINDS = st.recursive(
    st.none()
    | st.sampled_from(["boolean", "integer", "wide", "big", "float", "exact", "text", "mixed"]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=1)
        | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=5,
)


@given(KINDS, KINDS, KINDS)
def test_types_are_merged_in_any_order(one: Any, two: Any, three: Any) -> None:
    assert merge_types(one, two) == merge_types(two, one)
    assert merge_types(one, one) == one
    merged = merge_types(merge_types(one, two), three)
    assert merged == merge_types(one, merge_types(two, three))
    make_arrow_type(merged)


def test_blocks_hold_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 16)
    monkeypatch.setattr(blocks, "MAX_LINE_BYTES", 40)
    lines = [b'{"a":1}', b"", b'{"b":"' + b"x" * 30 + b'"}', b"y" * 100, b" {}", b'{"c":2}']
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbf" + b"\n".join(lines))
    found = list(blocks.iterate_blocks(tmp_path / "a"))
    text = (tmp_path / "a").read_bytes()
    for block in found:
        assert text[block.offset : block.offset + len(block.text)] == block.text
        for offset, line in block.iterate_lines():
            assert text[offset:].startswith(line)
    assert [block.is_too_long for block in found].count(True) == 1
    kept = [line.strip() for b in found if not b.is_too_long for _, line in b.iterate_lines()]
    assert kept == [lines[0], lines[2], b"{}", lines[5]]
    assert sum(block.rows for block in found) == 5
