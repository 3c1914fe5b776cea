"""Parquet types and files that are out of the ordinary."""

from __future__ import annotations

import datetime as dt
import struct
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.cursor import Since
from dreambolt_steps.readers.table.read import read_table


def _write_with_duckdb(path: Path, select: str) -> Path:
    with duckdb.connect() as connection:
        connection.execute(f"copy ({select}) to '{path}' (format parquet)")
    return path


def _read(path: Path, **arguments: object) -> tuple[list[dict[str, object]], tuple[str, ...]]:
    table = read_table(path, **arguments)  # type: ignore[arg-type]
    rows = table.reader.read_all().to_pylist()
    return rows, table.report().files[0].findings


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("'7b281bd6-cd58-4db8-9390-599f6fa770cc'::uuid", "7b281bd6-cd58-4db8-9390-599f6fa770cc"),
        (
            "['7b281bd6-cd58-4db8-9390-599f6fa770cc'::uuid]",
            ["7b281bd6-cd58-4db8-9390-599f6fa770cc"],
        ),
        ("interval '14 months 3 days 4 seconds'", "P14M3DT4S"),
        ("""'{"a":1}'::json""", '{"a":1}'),
        ("date '0044-03-15 (BC)'", "0044-03-15 (BC)"),
        ("date 'infinity'", "infinity"),
        ("timestamp '-infinity'", "-infinity"),
        ("timestamp '12024-01-01 10:00:00.5'", "12024-01-01 10:00:00.5"),
        ("{'a':1,'b':[2,null]}::variant", '{"a":1,"b":[2,null]}'),
        ("'it''s'::variant", "it's"),
        ("date '2024-01-31'::variant", "2024-01-31"),
        ("'12:00:00+02'::timetz", dt.time(10)),
        (
            "{'a': 12345678901234567890123456789::decimal(38,0)}",
            {"a": Decimal(12345678901234567890123456789)},
        ),
    ],
)
def test_a_type_of_duckdb_is_read(tmp_path: Path, value: str, shown: object) -> None:
    path = _write_with_duckdb(
        tmp_path / "a.parquet", f"select 1 id, {value} v union all select 2, null"
    )
    rows, _ = _read(path)
    assert rows == [{"id": 1, "v": shown}, {"id": 2, "v": None}]


def test_a_column_of_text_because_of_its_dates_says_so(tmp_path: Path) -> None:
    path = _write_with_duckdb(tmp_path / "a.parquet", "select date '0044-03-15 (BC)' born")
    assert _read(path)[1] == (
        "column 'born' holds dates outside the years 1 to 9999; read as text",
    )


def test_dates_in_lists_that_have_no_place_are_refused_at_once(
    tmp_path: Path,
) -> None:
    path = _write_with_duckdb(tmp_path / "a.parquet", "select [date 'infinity'] v")
    with pytest.raises(
        SourceError, match=r"'v' has dates outside the years 1 to 9999 in its lists"
    ):
        read_table(path)


def test_the_first_and_last_dates_there_are_stay_dates(tmp_path: Path) -> None:
    select = "select date '0001-01-01' d, timestamp '9999-12-31 23:59:59.999999' t"
    rows, findings = _read(_write_with_duckdb(tmp_path / "a.parquet", select))
    assert rows == [{"d": dt.date(1, 1, 1), "t": dt.datetime(9999, 12, 31, 23, 59, 59, 999999)}]
    assert findings == ()


def test_statistics_that_were_not_written_do_not_hide_a_far_date(tmp_path: Path) -> None:
    table = pa.table({"d": pa.array([0, 3_000_000, None], pa.date32())})
    pq.write_table(table, tmp_path / "a.parquet", write_statistics=False)
    assert [row["d"] for row in _read(tmp_path / "a.parquet")[0]] == [
        "1970-01-01",
        "10183-09-21",
        None,
    ]


def test_variants_go_with_the_rows_that_since_keeps(tmp_path: Path) -> None:
    value = "case when i % 3 = 0 then null else {'i': i}::variant end"
    select = f"select i id, {value} v from range(9000) t(i)"
    path = tmp_path / "a[1].parquet"  # a glob, to DuckDB
    with duckdb.connect() as connection:
        connection.execute(
            f"copy ({select}) to '{tmp_path}/b' (format parquet, row_group_size 2048)"
        )
    (tmp_path / "b").rename(path)
    rows, _ = _read(path, since=Since("id", "8000"))
    assert rows[:2] == [{"id": 8000, "v": '{"i":8000}'}, {"id": 8001, "v": None}]
    assert len(rows) == 1000
    assert [row["v"] for row in _read(path)[0]] == [
        None if i % 3 == 0 else f'{{"i":{i}}}' for i in range(9000)
    ]


def _write_int96(path: Path, moments: list[tuple[int, int]]) -> Path:
    """Write INT96 timestamps: (day from 1970, nanoseconds of the day) each, by way of a file that
    has them already, whose values are replaced."""
    marks = [pa.scalar(at, pa.timestamp("ns")).value for at in range(1, len(moments) + 1)]
    table = pa.table({"t": pa.array(marks, pa.timestamp("ns"))})
    pq.write_table(
        table, path, use_deprecated_int96_timestamps=True, use_dictionary=False, compression="none"
    )
    content = path.read_bytes()
    for mark, (day, nanos) in zip(marks, moments, strict=True):
        old = struct.pack("<qi", mark, 2_440_588)
        assert content.count(old) == 1
        content = content.replace(old, struct.pack("<qi", nanos, 2_440_588 + day))
    path.write_bytes(content)
    return path


def _count_days(*day: int) -> int:
    return (dt.date(*day) - dt.date(1970, 1, 1)).days


def test_int96_of_any_year_is_read_as_it_is(tmp_path: Path) -> None:
    moments = [(_count_days(723, 3, 21), 1_500_000_000), (_count_days(8669, 7, 20), 0)]
    rows, findings = _read(_write_int96(tmp_path / "a.parquet", moments))
    assert [row["t"] for row in rows] == [
        dt.datetime(723, 3, 21, 0, 0, 1, 500_000),
        dt.datetime(8669, 7, 20),
    ]
    assert findings == ()


def test_int96_keeps_nanoseconds_where_it_can_and_tells_where_it_can_not(tmp_path: Path) -> None:
    near = _write_int96(tmp_path / "a.parquet", [(_count_days(2024, 1, 1), 123_456_789)])
    table = read_table(near).reader.read_all()
    assert table.schema.field("t").type == pa.timestamp("ns")
    assert table["t"].cast(pa.int64()).to_pylist() == [1_704_067_200_123_456_789]
    far = [(_count_days(2024, 1, 1), 123_456_789), (_count_days(8669, 7, 20), 1000)]
    rows, findings = _read(_write_int96(tmp_path / "b.parquet", far))
    assert [row["t"] for row in rows] == [
        dt.datetime(2024, 1, 1, 0, 0, 0, 123_456),
        dt.datetime(8669, 7, 20, 0, 0, 0, 1),
    ]
    assert findings == (
        "1 timestamps of 't' have parts of a second finer than a millionth, which were cut off: "
        "others lie beyond the years 1677 to 2262",
    )


def test_a_file_without_columns_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({}), tmp_path / "a.parquet")
    with pytest.raises(SourceError, match="has no columns, so no table"):
        read_table(tmp_path / "a.parquet")


def test_an_encrypted_file_is_refused_by_its_true_name(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PARE" + bytes(100) + b"PARE")
    with pytest.raises(SourceError, match=r"is encrypted \(Parquet modular encryption\)"):
        read_table(tmp_path / "a.parquet")


def test_float16_and_fixed_size_binary_are_read(tmp_path: Path) -> None:
    table = pa.table({"f": np.array([1.5], np.float16), "b": pa.array([b"abcd"], pa.binary(4))})
    pq.write_table(table, tmp_path / "a.parquet")
    assert _read(tmp_path / "a.parquet")[0] == [{"f": 1.5, "b": b"abcd"}]


def test_a_footer_that_tells_more_rows_than_its_pages_hold_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": pa.array([7, 7, 7], pa.int8())}), path)
    content = path.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    # In Thrift an i64 of 3 is 0x16 0x06: one of them is num_values of the column.
    spots = [n for n in range(footer, len(content)) if content[n : n + 2] == b"\x16\x06"]
    for at in spots:
        changed = content[:at] + b"\x16\x00" + content[at + 2 :]
        path.write_bytes(changed)
        if pq.ParquetFile(path).metadata.row_group(0).column(0).num_values == 0:
            break
    else:
        pytest.skip("this pyarrow writes the footer in another way")
    with pytest.raises(
        SourceError, match="its footer tells 3 rows, and its pages end 3 rows before"
    ):
        read_table(path).reader.read_all()
