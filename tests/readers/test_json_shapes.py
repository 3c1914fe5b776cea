"""JSON whose rows stand there in another shape than a list of objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps.readers.table.read import read_table

AB = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
RECORDS = {f"u{at}": {"name": f"n{at}", "items": [{"sku": at}]} for at in range(4)}


def _read(path: Path, text: str, **arguments: Any) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    path.write_text(text, encoding="utf-8")
    table = read_table(path, **arguments)
    rows = table.reader.read_all().to_pylist()
    report = table.report()
    assert report.rejected == 0
    return rows, report.files[0].findings


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.json", '{"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": "y"}}', "columns are the objects"),
        ("a.json", '{"a": [1, 2], "b": ["x", "y"]}', "columns are the arrays"),
        (
            "a.json",
            '{"columns": ["a", "b"], "index": [0, 1], "data": [[1, "x"], [2, "y"]]}',
            "'data'",
        ),
        ("a.json", '[["a", "b"], [1, "x"], [2, "y"]]', "the first of them the names"),
        ("a.jsonl", '["a", "b"]\n[1, "x"]\n[2, "y"]\n', "the first of them the names"),
        ("a.json", '{"a":1,"b":"x"}{"a":2,"b":"y"}\n', "several values"),
        ("a.jsonl", '{"a":1,"b":"x"},\n{"a":2,"b":"y"},\n', "commas behind them"),
        ("a.json", '[{"a":1,"b":"x"}]\n[{"a":2,"b":"y"}]\n', "the elements of 2 arrays"),
        ("a.js", 'window.YTD.part0 = [{"a":1,"b":"x"}, {"a":2,"b":"y"}];', "'window.YTD.part0 ='"),
        ("a.js", 'const rows = [{"a":1,"b":"x"}, {"a":2,"b":"y"}]\n', "'const rows ='"),
        ("a.json", 'callback([{"a":1,"b":"x"},{"a":2,"b":"y"}]);', "'callback('"),
    ],
)
def test_rows_in_another_shape_are_read_and_told(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    rows, findings = _read(tmp_path / name, text)
    assert rows == AB
    assert any(told in finding for finding in findings)


def test_records_under_their_keys_are_rows_with_a_key(tmp_path: Path) -> None:
    import json

    rows, findings = _read(tmp_path / "a.json", json.dumps(RECORDS, indent=1))
    assert rows == [{"key": key, **value} for key, value in RECORDS.items()]
    assert findings == (
        "rows are the 4 objects of the document, each with its key; record='.' takes the document "
        "as it is",
    )
    rows, _ = _read(tmp_path / "a.json", json.dumps(RECORDS), record=".")
    assert rows == [RECORDS]


def test_a_document_of_unlike_parts_stays_one_row(tmp_path: Path) -> None:
    text = '{"server": {"port": 1}, "client": {"name": "x"}, "log": {"level": "info"}}'
    rows, _ = _read(tmp_path / "a.json", text)
    assert rows == [{"server": {"port": 1}, "client": {"name": "x"}, "log": {"level": "info"}}]


def test_arrays_without_names_and_scalars(tmp_path: Path) -> None:
    assert _read(tmp_path / "a.json", '[["p", "q"], ["r", "s"]]')[0] == [
        {"column_1": "p", "column_2": "q"},
        {"column_1": "r", "column_2": "s"},
    ]
    assert _read(tmp_path / "b.json", "[1, 2.50, 3]")[0] == [{"value": v} for v in (1.0, 2.5, 3.0)]
    assert _read(tmp_path / "c.json", '["x", null]')[0] == [{"value": "x"}, {"value": None}]


def test_long_numbers_stay_what_they_are(tmp_path: Path) -> None:
    rows, _ = _read(tmp_path / "a.json", "[[1.00000000000000000001, 12345678901234567890]]")
    assert rows == [{"column_1": "1.00000000000000000001", "column_2": 12345678901234567890}]


def test_what_is_no_value_among_several_a_line_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a":1}{"a":2}\n{"a":3}oops\n')
    table = read_table(tmp_path / "a.jsonl")
    assert table.reader.read_all().to_pylist() == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert [reject["raw"] for reject in table.report().rejects.to_pylist()] == ["oops"]
