"""JSON and JSON Lines: whatever is written reads back, whatever is broken is counted and told."""

from __future__ import annotations

import gzip
import json
import math
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dreambolt_steps.errors import DreamboltError, SourceError, UsageError
from dreambolt_steps.readers.json import blocks
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.readers.table.read_report import ReadReport


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path: Any, **options: Any) -> tuple[list[dict[str, Any]], ReadReport]:
    table = read_table(path, **options)
    return table.reader.read_all().to_pylist(), table.report()


@pytest.mark.parametrize(
    ("values", "kind", "want"),
    [
        ("1 -2 null", pa.int64(), [1, -2, None]),
        ("9007199254740993 1", pa.int64(), [2**53 + 1, 1]),
        ("9223372036854775807 -9223372036854775807", pa.int64(), [2**63 - 1, 1 - 2**63]),
        ("1 2.5 1e2", pa.float64(), [1.0, 2.5, 100.0]),
        ("0.1 -0.0 5e-324", pa.float64(), [0.1, -0.0, 5e-324]),
        ("18446744073709551615 -1", pa.decimal128(38, 0), [Decimal(2**64 - 1), Decimal(-1)]),
        ("1" * 38 + " 5", pa.decimal128(38, 0), [Decimal("1" * 38), Decimal(5)]),
        ("1" * 39 + " 5", pa.string(), ["1" * 39, "5"]),
        ("9007199254740993 0.5", pa.string(), ["9007199254740993", "0.5"]),
        ("18446744073709551616 0.5", pa.string(), ["18446744073709551616", "0.5"]),
        ("0.12345678901234567890 7", pa.string(), ["0.12345678901234567890", "7"]),
        ("true false", pa.bool_(), [True, False]),
        ('true 1 "x"', pa.string(), ["true", "1", "x"]),
        ('"007" "2024-01-01" "0000-00-00"', pa.string(), ["007", "2024-01-01", "0000-00-00"]),
        (
            '1.50 "x" [1,2.0] {"k":1e21} null',
            pa.string(),
            ["1.5", "x", "[1,2.0]", '{"k":1e21}', None],
        ),
        ("null null", pa.null(), [None, None]),
        ("[] [1] [null] null", pa.list_(pa.int64()), [[], [1], [None], None]),
        ("[] []", pa.list_(pa.null()), [[], []]),
        ('[1,"x",[2]]', pa.list_(pa.string()), [["1", "x", "[2]"]]),
        (
            '{"p":1} {"q":"x"} {}',
            None,
            [{"p": 1, "q": None}, {"p": None, "q": "x"}, {"p": None, "q": None}],
        ),
        ("{} null", pa.null(), [None, None]),
        ('[{"p":1},{"q":[true]}]', None, [[{"p": 1, "q": None}, {"p": None, "q": [True]}]]),
        ("NaN Infinity -Infinity", pa.float64(), [math.nan, math.inf, -math.inf]),
        (r'"\u00e9" "\ud83d\ude42" "\u0000" "a\"b"', pa.string(), ["é", "🙂", "\0", 'a"b']),
    ],
)
@pytest.mark.parametrize("size", [24, 1 << 20])
def test_values_keep_what_they_are(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    values: str,
    kind: pa.DataType | None,
    want: list[Any],
    size: int,
) -> None:
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", size)
    lines = "".join(f'{{"v":{value},"n":1}}\n' for value in values.split(" "))
    table = read_table(write(tmp_path / "a.jsonl", lines))
    if kind is not None:
        assert table.schema.field("v").type == kind
    found = table.reader.read_all()["v"].to_pylist()
    assert repr(found) == repr(want)  # tells -0.0 from 0.0, and nan is nan
    assert table.report().rejected == 0


LINES = [
    (b'{"a":1}', None),
    (b"", None),
    (b"nope", "no JSON"),
    (b'{"a":2}  ', None),
    (b"[1]", "an array where an object is expected"),
    (b"5", "a number where"),
    (b"null", "null where"),
    (b'"x"', "a text where"),
    (b'{"a":3} {"a":4}', "no JSON"),
    (b'{"a":3},{"a":4}', "no JSON"),
    (b'{"a":[1', "no JSON"),
    (b"2]}", "no JSON"),
    (b'{"b":"\xff"}', "not valid UTF-8"),
    (rb'{"b":"\ud800"}', "surrogate"),
    (b'{"b":"x\ty"}', "no JSON"),
    (b'{"a":01}', "no JSON"),
    (b'{"a":1e400}', "beyond the range of a float64"),
    (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "nested too deep"),
    (b"\0", "no JSON"),
    (b' {"a":5}', None),
    (b'{"a":6,}', None),  # DuckDB takes it, so it is taken wherever it stands
    (b'{"a":7}', None),
]


@pytest.mark.parametrize("size", [1, 50, 1 << 20])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_rows_and_rejects_add_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, end: bytes
) -> None:
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", size)
    path = write(tmp_path / "a.jsonl", end.join(line for line, _ in LINES))
    rows, report = read(path)
    assert [row["a"] for row in rows] == [1, 2, 5, 6, 7]
    bad = [(n, line, why) for n, (line, why) in enumerate(LINES, 1) if why]
    rejects = report.rejects.to_pylist()
    assert [one["line"] for one in rejects] == [number for number, _, _ in bad]
    text = path.read_bytes()
    for one, (_, line, why) in zip(rejects, bad, strict=True):
        assert why in one["reason"]
        assert text[one["byte_offset"] :].startswith(line)
        assert one["raw"] == line.decode(errors="replace")
    assert report.rows + report.rejected == len([line for line, _ in LINES if line.strip()])


def test_how_deep_a_row_may_be_does_not_depend_on_the_program(tmp_path: Path) -> None:
    depths = [1, 300, 5_000]
    lines = [b'{"a":%b}' % (b"[" * depth + b"]" * depth) for depth in depths]
    path = write(tmp_path / "a.jsonl", b"\n".join([*lines, b'{"a":"' + b"[" * 900 + b'"}']))
    limit = sys.getrecursionlimit()
    found = []
    for allowed in (limit, 20_000):
        sys.setrecursionlimit(allowed)
        try:
            rows, report = read(path)
        finally:
            sys.setrecursionlimit(limit)
        found.append([len(rows), [one["line"] for one in report.rejects.to_pylist()]])
    assert found == [[3, [3]]] * 2


def test_wide_integers_beside_floats_stay_integers(tmp_path: Path) -> None:
    """They only become text where a float stands at the same place."""
    row = {"id": 2**60 + 1, "at": {"xy": [0.5, 1.25]}, "n": 5}
    path = write(tmp_path / "a.jsonl", "\n".join([json.dumps(row)] * 4))
    rows, report = read(path)
    assert (rows, report.files[0].findings) == ([row] * 4, ())
    path.write_text("\n".join([json.dumps(row), json.dumps(row | {"at": {"xy": [2**60 + 1]}})]))
    rows, report = read(path)
    assert [one["at"] for one in rows] == [{"xy": ["0.5", "1.25"]}, {"xy": [str(2**60 + 1)]}]
    assert report.files[0].findings == (
        "'at.xy[]' holds numbers that a float64 would change; read as text, digit for digit",
    )


def test_empty_objects_are_told(tmp_path: Path) -> None:
    rows, report = read(write(tmp_path / "a.jsonl", '{"a":1,"e":{}}\n{"a":2}\n'))
    assert rows == [{"a": 1, "e": None}, {"a": 2, "e": None}]
    assert report.files[0].findings == ("'e' holds nothing but empty objects; read as NULL",)


def test_a_key_that_repeats_is_told_and_the_last_value_counts(tmp_path: Path) -> None:
    lines = [f'{{"a":{n},"b":{{"c":{n}}}}}' for n in range(1000)]
    lines[500] = '{"a":1,"b":{"c":1,"c":2},"a":"x"}'
    lines[700] = '{"a":1,"b":{"c":2},"a":700}'
    rows, report = read(write(tmp_path / "a.jsonl", "\n".join(lines)))
    assert (len(rows), rows[500], rows[700]["a"]) == (1000, {"a": "x", "b": {"c": 2}}, "700")
    assert "2 rows have a key twice (the first in line 501: 'c'); the last value counts" in (
        report.files[0].findings
    )


def test_a_key_that_repeats_behind_the_first_batches(tmp_path: Path) -> None:
    lines = [f'{{"a":{n},"b":{{"c":{n}}}}}' for n in range(300_000)]
    lines[-5] = '{"a":1,"b":{"c":1,"c":2},"a":7}'
    rows, report = read(write(tmp_path / "a.jsonl", "\n".join(lines)))
    assert [row["a"] for row in rows] == [*range(299_995), 7, *range(299_996, 300_000)]
    assert rows[-5] == {"a": 7, "b": {"c": 2}}
    assert report.rejected == 0


def test_stretches_around_odd_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sound stretches, repeated keys, broken lines and long numbers in one file, in order."""
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 4096)
    monkeypatch.setattr("dreambolt_steps.readers.json.lines._RUN_BYTES", 20_000)
    lines = [f'{{"n":{n},"t":"{"x" * (n % 50)}"}}' for n in range(5000)]
    for n in (700, 2500):
        lines[n] = f'{{"n":0,"n":{n}}}'
    for n in (1500, 1501, 4000):
        lines[n] = "broken"
    lines[3000] = f'{{"n":3000,"big":{2**70}}}'
    rows, report = read(write(tmp_path / "a.jsonl", "\n".join(lines)))
    assert [row["n"] for row in rows] == [n for n in range(5000) if n not in (1500, 1501, 4000)]
    assert report.rejects["line"].to_pylist() == [1501, 1502, 4001]
    assert rows[2998]["big"] == Decimal(2**70)


@pytest.mark.parametrize(
    ("name", "text", "options", "want"),
    [
        ("a.json", '[{"a":1},{"b":2}]', {}, [{"a": 1, "b": None}, {"a": None, "b": 2}]),
        ("a.json", '\ufeff [\n {"a":1},\n\n {"a":2},\n]\n', {}, [{"a": 1}, {"a": 2}]),
        ("a.json", '{"a":1}', {}, [{"a": 1}]),
        ("a.json", '{\n "a": {"b": [1]}\n}', {}, [{"a": {"b": [1]}}]),
        ("a.json", '{\n "a": 1\n}\n{\n "a": 2\n}\n', {}, [{"a": 1}, {"a": 2}]),
        ("a.json", '{"a":1}\n{"a":2}\n', {}, [{"a": 1}, {"a": 2}]),
        ("a.json", '{"ok":true,"data":{"rows":[{"a":1},{"a":2}]}}', {}, [{"a": 1}, {"a": 2}]),
        ("a.json", '{"x":[{"a":1},{"a":2}],"y":[{"b":1}]}', {"record": "y"}, [{"b": 1}]),
        ("a.json", '{"x":[{"a":1}]}', {"record": "."}, [{"x": [{"a": 1}]}]),
        (
            "a.geojson",
            '{"type":"F","features":[{"id":1,"geometry":{"xy":[1.5,2]}}]}',
            {},
            [{"id": 1, "geometry": {"xy": [1.5, 2.0]}}],
        ),
        ("a.json", '[{"a":{"b":1,"c":{"d":2}}}]', {"flatten": True}, [{"a.b": 1, "a.c.d": 2}]),
        ("a.ndjson", '{"A":1,"a":2,"":3}', {}, [{"A": 1, "a": 2, "column_3": 3}]),
        ("a.jsonl", '{"x; DROP TABLE t;\\"--":1}\n', {}, [{'x; DROP TABLE t;"--': 1}]),
        ("a.jsonl", '{"' + "k" * 300 + '":1}', {}, [{"k" * 300: 1}]),
        ("a.jsonl", '{"اسم":"علي","🙂":"名"}', {}, [{"اسم": "علي", "🙂": "名"}]),
        ("a[1]*.jsonl", '{"a":1}\n{"a":2}\n', {}, [{"a": 1}, {"a": 2}]),
        ("a.txt", '{"a":1}\n{"a":2}\n', {}, [{"a": 1}, {"a": 2}]),
        ("a.csv", '[{"a":1}]', {}, [{"a": 1}]),
        ("a", '{\n"a":1}', {}, [{"a": 1}]),
        ("a.jsonl", '[\n{"a":1},\n{"a":2}\n]', {}, [{"a": 1}, {"a": 2}]),
    ],
)
def test_documents(
    tmp_path: Path, name: str, text: str, options: dict[str, Any], want: list[dict[str, Any]]
) -> None:
    rows, report = read(write(tmp_path / name, text), **options)
    assert rows == want
    assert report.rejected == 0
    packed = write(tmp_path / f"{name}.gz", gzip.compress(text.encode()))
    assert read(packed, **options)[0] == want


def test_elements_of_an_array_that_are_no_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", '{"d":[\n{"a":1},\n5,\n{"a": nope},\n{"a":[\n2]}\n,{"a"')
    rows, report = read(path)
    assert rows == [{"a": "1"}, {"a": "[2]"}]
    assert report.rejects["line"].to_pylist() == [3, 4, 7]
    text = path.read_bytes()
    want = [text.index(b"5"), text.index(b'{"a": nope'), text.rindex(b'{"a"')]
    assert report.rejects["byte_offset"].to_pylist() == want
    told = " / ".join(report.files[0].findings)
    assert "the array of the rows is not closed" in told
    assert "rows are the elements of 'd'" in told


def test_what_stands_outside_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", '{"page":1,"rows":[{"a":1}],"next":null} ')
    assert read(path)[1].files[0].findings == (
        "rows are the elements of 'rows'; record=... names others",
        "outside of the rows, not read: page, next",
    )
    tail = write(tmp_path / "b.json", '[{"a":1}]\n{"b":2}')
    assert read(tail)[1].files[0].findings == ("behind the array, not read: '{\"b\":2}'",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "cp1252", "utf-16-le"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "a.jsonl", '{"a":"Zoë"}\n{"a":"ü"}\nnope\n'.encode(encoding))
    told = {"encoding": encoding} if encoding in ("cp1252", "utf-16-le") else {}
    rows, report = read(path, **told)
    assert rows == [{"a": "Zoë"}, {"a": "ü"}]
    assert report.rejects["line"].to_pylist() == [3]


def test_files_of_drifting_schemas_are_united(tmp_path: Path) -> None:
    one = write(tmp_path / "1.jsonl", '{"a":1,"s":{"x":1},"e":{},"l":[]}\n')
    two = write(tmp_path / "2.json", '[{"a":1.5,"s":{"y":"z"},"e":{"k":1},"l":["t"]}]')
    three = write(tmp_path / "3.csv", "a,b\nx,1\n")
    rows, report = read([one, two, three])
    assert rows == [
        {"a": "1", "s": {"x": 1, "y": None}, "e": None, "l": [], "b": None},
        {"a": "1.5", "s": {"x": None, "y": "z"}, "e": {"k": 1}, "l": ["t"], "b": None},
        {"a": "x", "s": None, "e": None, "l": None, "b": "1"},
    ]
    assert any("column 'a' is int64" in note for note in report.schema_notes)


def test_many_columns_and_maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = {f"c{n}": n for n in range(5000)}
    rows, _ = read(write(tmp_path / "a.jsonl", "\n".join([json.dumps(wide)] * 3)))
    assert rows == [wide] * 3
    lines = [json.dumps({"scores": {f"u{n}-{k}": k for k in range(300)}}) for n in range(5)]
    rows, report = read(write(tmp_path / "b.jsonl", "\n".join(lines)))
    assert [json.loads(row["scores"]) for row in rows] == [json.loads(x)["scores"] for x in lines]
    assert "'scores' holds values of several kinds" in report.files[0].findings[0]
    monkeypatch.setattr("dreambolt_steps.readers.json.infer.MAX_COLUMNS", 100)
    with pytest.raises(SourceError, match="5,000 different keys, more than 100: they look like"):
        read_table(tmp_path / "a.jsonl")


def test_deep_nesting_becomes_text(tmp_path: Path) -> None:
    deep = '{"a":' * 60 + "1" + "}" * 60
    rows, _ = read(write(tmp_path / "a.jsonl", f"{deep}\n"))
    value: Any = rows[0]
    while isinstance(value, dict):
        value = value["a"]
    assert value == deep[len('{"a":') * 21 : -21]


def test_a_line_that_is_too_long_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr(blocks, "MAX_LINE_BYTES", 1 << 20)
    monkeypatch.setattr("dreambolt_steps.readers.json.lines.MAX_LINE_BYTES", 1 << 20)
    text = '{"a":1}\n{"a":"' + "x" * (3 << 20) + '"}\n{"a":2}\n'
    rows, report = read(write(tmp_path / "a.jsonl", text))
    assert rows == [{"a": 1}, {"a": 2}]
    (reject,) = report.rejects.to_pylist()
    assert (reject["line"], reject["reason"]) == (2, "longer than 1,048,576 bytes")
    assert reject["raw"].startswith('{"a":"xxx')


def test_a_limit_looks_no_further_than_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 100)
    lines = [f'{{"a":{n}}}' for n in range(100)] + ["broken"] * 100 + ['{"a":"x"}'] * 100
    path = write(tmp_path / "a.jsonl", "\n".join(lines))
    for limit in (0, 1, 50):
        rows, report = read(path, limit=limit)
        assert (rows, report.rejected) == ([{"a": n} for n in range(limit)], 0)
    rows, report = read(path, limit=150)
    assert (len(rows), rows[-1], report.rejected) == (150, {"a": "x"}, 100)


@pytest.mark.parametrize(
    ("name", "text", "options", "kind", "message"),
    [
        ("a.json", "", {}, SourceError, "is empty"),
        ("a.json", " \n", {}, SourceError, "is empty"),
        ("a.json", "a,b\n1,2\n", {}, SourceError, r"is not JSON \(it begins with 'a,b"),
        ("a.json", "[]", {}, SourceError, "holds no JSON objects"),
        ("a.json", "[[]]", {}, SourceError, "holds no JSON objects"),
        ("a.json", "{}", {}, SourceError, "holds no JSON objects"),
        ("a.jsonl", "nope\nnope\n", {}, SourceError, "holds no JSON objects"),
        ("a.json", '{"a":[{"b":1}]}', {"record": "c"}, UsageError, "no array 'c' .*there are a"),
        ("a.json", '[{"b":1}]', {"record": "c"}, UsageError, "is an array by itself"),
        ("a.json", '[{"b":1}]', {"encoding": "klingon"}, UsageError, "is no encoding"),
        ("a.json", '[{"b":1}]', {"delimiter": ";"}, UsageError, "is for csv, tsv files"),
        ("a.csv", "a\n1\n", {"record": "x"}, UsageError, "record='x' is for json, jsonl, xml"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path,
    name: str,
    text: str,
    options: dict[str, Any],
    kind: type[DreamboltError],
    message: str,
) -> None:
    with pytest.raises(kind, match=message) as caught:
        read_table(write(tmp_path / name, text), **options)
    assert "\n" not in str(caught.value)


TEXTS = st.text(max_size=5)  # lone surrogates among them
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
KEYS = st.sampled_from(["a", "A", "b", "", "名", 'q"', "x.y", "\0"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)
ROWS = st.lists(st.dictionaries(KEYS, VALUES, min_size=1, max_size=3), min_size=1, max_size=8)


def is_same(got: Any, want: Any) -> bool:
    """Whether a value came through: missing keys are None, other kinds beside it make it text."""
    if want is None or want == {}:
        return got is None or got == "{}" or (isinstance(got, dict) and not any(got.values()))
    if isinstance(got, str) and not isinstance(want, str):
        return is_same_text(json.loads(got), want)
    if isinstance(want, dict):
        return (
            isinstance(got, dict)
            and all(is_same(value, want.get(key)) for key, value in got.items())
            and {key for key, value in want.items() if value not in (None, {})} <= got.keys()
        )
    if isinstance(want, list):
        return len(got) == len(want) and all(map(is_same, got, want))
    if isinstance(want, float) and math.isnan(want):
        return math.isnan(got)
    return bool(got == want) and isinstance(want, bool) is isinstance(got, bool)


def is_same_text(got: Any, want: Any) -> bool:
    if isinstance(want, dict):
        return got.keys() == want.keys() and all(is_same_text(got[k], want[k]) for k in want)
    if isinstance(want, list):
        return len(got) == len(want) and all(map(is_same_text, got, want))
    if isinstance(want, float) and math.isnan(want):
        return math.isnan(got)
    return bool(got == want)


@settings(max_examples=120)
@given(ROWS, st.integers(1, 60), st.booleans(), st.sampled_from(["jsonl", "json", "pretty"]))
@example([{"a": 2**53 + 1}, {"a": 0.5}], 10, True, "jsonl")
@example([{"a": {"b": 1}}, {"a": {"b": "x"}}], 10, True, "jsonl")
def test_what_is_written_reads_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, Any]],
    size: int,
    is_ascii: bool,
    layout: str,
) -> None:
    folder = tmp_path_factory.mktemp("json")
    texts = [json.dumps(row, ensure_ascii=is_ascii) for row in rows]
    good = [row for row, text in zip(rows, texts, strict=True) if is_valid(text)]
    content = "\n".join(texts) + "\n"
    if layout != "jsonl":
        content = json.dumps(rows, ensure_ascii=is_ascii, indent=2 if layout == "pretty" else None)
    path = folder / ("a.jsonl" if layout == "jsonl" else "a.json")
    path.write_bytes(content.encode(errors="surrogatepass"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_BLOCK_BYTES", size)
        try:
            table = read_table(path)
        except SourceError:
            assert not any(good)  # objects without keys make no columns
            return
        found = table.reader.read_all()
        report = table.report()
    assert (found.num_rows, report.rejected) == (len(good), len(rows) - len(good))
    names = dict(zip(table.files[0].columns, found.column_names, strict=True))
    for got, want in zip(found.to_pylist(), good, strict=True):
        assert all(is_same(got[names[key]], value) for key, value in want.items()), (got, want)
        assert all(got[name] is None for key, name in names.items() if key not in want)


def is_valid(text: str) -> bool:
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
