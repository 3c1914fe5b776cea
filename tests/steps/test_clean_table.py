"""CleanTable in sessions: masks, duplicates, NULLs, and what its cache depends on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps import CleanTable, ExportParquet, LoadTable, columns

CSV = """Mail,Full Name,Born,Visits
ann@example.com,Annabelle Wintersmith,13/02/1990,3
bob@example.com,Robert Underhill,not-a-day,5
carl@example.com,Carl-Friedrich Baumeister,01/04/1985,many
ann@example.com,Annabelle Wintersmith,13/02/1990,3
"""
SECRETS = ("ann@example.com", "bob@example.com", "carl@example.com")
SECRETS += ("Wintersmith", "Underhill", "Baumeister", "13/02/1990", "1990-02-13", "not-a-day")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(CSV)
    return path


def test_masked_values_are_nowhere_but_where_they_were_loaded(
    people: Path, tmp_path: Path, session: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DREAMBOLT_MASK_KEY", "a secret of enough bytes")
    args = {
        "types": {"born": "date", "visits": "int8"},
        "masks": {"mail": "hash", "full_name": "partial", "born": "redact"},
        "duplicates": "drop",
    }
    with session():
        raw = LoadTable("load", args={"source": str(people)})
        clean = CleanTable("clean", inputs=columns(raw), args=args)
        ExportParquet("export", inputs=columns(clean), args={"path": str(tmp_path / "out")})
        rows = clean.output.dataset.to_list()
        receipt = clean.receipt
    assert [row["full_name"] for row in rows] == ["A***h"]
    assert rows[0]["visits"] == 3
    assert (receipt.rows_in, receipt.rows_rejected, receipt.rows_out) == (4, 3, 1)
    assert receipt.report["masked"] == ["mail", "full_name", "born"]
    rejects = pq.read_table(receipt.rejects)
    assert rejects["reason"].to_pylist() == [
        "not a value of type date",
        "not a value of type int8",
        "duplicate of row 1",
    ]
    searched = 0
    loaded = Path(tmp_path, "session", "load")
    for path in (*Path(tmp_path, "session").rglob("*"), *Path(tmp_path, "out").rglob("*")):
        if not path.is_file() or loaded in path.parents or ".parts" in path.parts:
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += str(pq.read_table(path).to_pylist()).encode()
        searched += 1
        for secret in SECRETS:
            assert secret.encode() not in content, (path, secret)
        assert b"a secret of enough bytes" not in content
    assert searched > 5


def test_another_key_is_another_result(
    people: Path, session: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for key in ("a secret of enough bytes", "a secret of enough bytes", "another secret, as long"):
        monkeypatch.setenv("DREAMBOLT_MASK_KEY", key)
        with session():
            raw = LoadTable("load", args={"source": str(people)})
            clean = CleanTable("clean", inputs=columns(raw), args={"masks": {"mail": "hash"}})
            found.append((clean.receipt.resumed, clean.output.dataset[0]["mail"]))
    assert [resumed for resumed, _ in found] == [False, True, False]
    assert found[0][1] == found[1][1] != found[2][1]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_empty_text_stays_apart_from_null_in_typed_sources(
    tmp_path: Path, session: Callable[..., Any], suffix: str
) -> None:
    path = tmp_path / f"t.{suffix}"
    if suffix == "csv":
        path.write_text('t,n\na,1\n"",""\n,\nNA,NA\n')
    else:
        data = {"t": ["a", "", None, "NA"], "n": ["1", "", None, "NA"]}
        pq.write_table(pa.table(data), path)
    with session():
        raw = LoadTable("load", args={"source": str(path)})
        clean = CleanTable("clean", inputs=columns(raw))
        table = clean.output.dataset.to_dict()
    typed = suffix == "parquet"
    assert table == {
        "t": ["a", "" if typed else None, None, "NA"],
        "n": [1, None, None, None],
    }


def test_every_kind_of_column_is_carried_by_the_session(
    tmp_path: Path, session: Callable[..., Any]
) -> None:
    path = tmp_path / "kinds.csv"
    path.write_text(
        "d,t,ts,tz,big,eu,id,j,cat\n"
        "13/02/2024,10:30,2024-02-29 10:00,2024-02-29T10:00+02:00,99999999999999999999,"
        '"1.234,5",f47ac10b-58cc-4372-a567-0e02b2c3d479,"{""a"": 1}",x\n'
    )
    args = {"types": {"cat": "category"}}
    with session():
        raw = LoadTable("load", args={"source": str(path)})
        clean = CleanTable("clean", inputs=columns(raw), args=args)
        features = {name: one.dtype for name, one in clean.output.dataset.features.items()}
        (row,) = clean.output.dataset.to_list()
        told = clean.receipt.report["columns"]
    assert features == {
        "d": "date32",
        "t": "time64[us]",
        "ts": "timestamp[us]",
        "tz": "timestamp[us, tz=UTC]",
        "big": "decimal128(38, 0)",
        "eu": "decimal128(5, 1)",
        "id": "string",
        "j": "string",
        "cat": "string",
    }
    assert [str(value) for value in row.values()] == [
        "2024-02-13",
        "10:30:00",
        "2024-02-29 10:00:00",
        "2024-02-29 08:00:00+00:00",
        "99999999999999999999",
        "1234.5",
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        '{"a": 1}',
        "x",
    ]
    assert [told[name]["semantic"] for name in ("id", "j", "cat")] == ["uuid", "json", "category"]
    assert told["d"]["spelling"]["day_first"] is True
    assert told["d"]["words"] == "date, from 'd'; the day comes first: '13/02/2024' in row 1"
