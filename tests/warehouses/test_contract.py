"""What every warehouse does: modes, ledger, errors. A new one is added in conftest.py."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dreambolt_steps.errors import SchemaError, UsageError, WarehouseError
from dreambolt_steps.tables.export.export import write_parquet
from dreambolt_steps.warehouses.load import Load
from dreambolt_steps.warehouses.protocol import Warehouse

_numbers = count()
KEY = ("id",)


def export(folder: Path, columns: dict[str, Any], **metadata: str) -> Path:
    path = folder / f"file-{next(_numbers)}.parquet"
    write_parquet(pa.table(columns).to_reader(), path, metadata=metadata)
    return path


def rows(table: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    found = table.query(sql)
    return [tuple(row.values()) for row in found.to_pylist()]


def test_create_makes_table_and_record(warehouse: Warehouse, tmp_path: Path) -> None:
    files = [export(tmp_path, {"id": [1, 2], "a": ["x", None]}, source="s3://b/players.csv")]
    files.append(export(tmp_path, {"id": [3], "a": ["z"]}))
    seen: list[int] = []
    receipt = warehouse.load_files(Load("t", "one"), files, seen.append)
    assert (receipt.rows, receipt.skipped, receipt.load_id) == (3, False, "one")
    assert seen[-1] == 3
    assert rows(warehouse, 'SELECT "id", "a" FROM "t" ORDER BY 1') == [
        (1, "x"),
        (2, None),
        (3, "z"),
    ]
    described = warehouse.describe_table("t")
    assert described.rows == 3
    assert {"id", "a"} <= set(described.columns)
    [record] = described.loads
    assert (record.load_id, record.mode, record.rows) == ("one", "create", 3)
    assert record.metadata["source"] == "s3://b/players.csv"
    assert abs((datetime.now(UTC).replace(tzinfo=None) - record.loaded_at).total_seconds()) < 600
    assert warehouse.holds_load("t", "one")
    assert not warehouse.holds_load("t", "two")
    assert not warehouse.holds_load("other", "one")


def test_create_refuses_a_table_of_another_load(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load_files(Load("t", "one"), [export(tmp_path, {"id": [1]})])
    with pytest.raises(WarehouseError, match=r"table \S*t exists in .*replace or append"):
        warehouse.load_files(Load("t", "two"), [export(tmp_path, {"id": [2]})])
    assert rows(warehouse, 'SELECT "id" FROM "t"') == [(1,)]


@pytest.mark.parametrize("mode", ["create", "replace", "append", "merge", "snapshot"])
def test_the_same_load_is_made_once(warehouse: Warehouse, tmp_path: Path, mode: str) -> None:
    file = export(tmp_path, {"id": [1, 2], "a": ["x", "y"]})
    load = Load("t", "one", mode=mode, key=KEY if mode in ("merge", "snapshot") else ())
    first = warehouse.load_files(load, [file])
    again = warehouse.load_files(load, [file])
    assert (first.skipped, again.skipped, again.rows) == (False, True, 2)
    assert rows(warehouse, 'SELECT "id", "a" FROM "t" ORDER BY 1') == [(1, "x"), (2, "y")]
    assert len(warehouse.describe_table("t").loads) == 1


def test_an_increment_is_taken_where_the_one_before_is(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    one = export(tmp_path, {"id": [1]}, source_fingerprint="a")
    two = export(tmp_path, {"id": [2]}, source_fingerprint="b", source_follows="a")
    other = export(tmp_path, {"id": [3]}, source_fingerprint="c", source_follows="a")
    for mode in ("create", "append", "merge"):
        load = Load("t", "two", mode=mode, key=KEY if mode == "merge" else ())
        with pytest.raises(WarehouseError, match="t does not hold the ones before"):
            warehouse.load_files(load, [two])
    warehouse.load_files(Load("t", "one", mode="append"), [one])
    with pytest.raises(WarehouseError, match="takes what is not in them for gone"):
        warehouse.load_files(Load("t", "two", mode="snapshot", key=KEY), [two])
    warehouse.load_files(Load("t", "two", mode="append"), [two])
    with pytest.raises(WarehouseError, match="of a run that was interrupted"):
        warehouse.load_files(Load("t", "three", mode="append"), [other])
    assert rows(warehouse, 'SELECT "id" FROM "t" ORDER BY 1') == [(1,), (2,)]
    warehouse.load_files(Load("t", "three", mode="replace"), [other])
    assert rows(warehouse, 'SELECT "id" FROM "t"') == [(3,)]


def test_append_adds_and_replace_starts_over(warehouse: Warehouse, tmp_path: Path) -> None:
    one, two = export(tmp_path, {"id": [1]}), export(tmp_path, {"id": [2]})
    warehouse.load_files(Load("t", "one", mode="append"), [one])
    warehouse.load_files(Load("t", "two", mode="append"), [two])
    assert rows(warehouse, 'SELECT "id" FROM "t" ORDER BY 1') == [(1,), (2,)]
    assert [load.load_id for load in warehouse.describe_table("t").loads] == ["one", "two"]
    # the table holds more than load one, so replacing by it is work to do
    assert not warehouse.load_files(Load("t", "one", mode="replace"), [one]).skipped
    assert rows(warehouse, 'SELECT "id" FROM "t"') == [(1,)]
    assert not warehouse.holds_load("t", "two")
    # and load two is no longer in it, so it can be appended again
    assert not warehouse.load_files(Load("t", "two", mode="append"), [two]).skipped
    assert rows(warehouse, 'SELECT "id" FROM "t" ORDER BY 1') == [(1,), (2,)]


def test_replace_takes_another_schema_there_and_back(warehouse: Warehouse, tmp_path: Path) -> None:
    one, two = export(tmp_path, {"id": [1]}), export(tmp_path, {"name": ["x"]})
    for _ in range(2):
        assert not warehouse.load_files(Load("t", "one", mode="replace"), [one]).skipped
        assert rows(warehouse, 'SELECT "id" FROM "t"') == [(1,)]
        assert not warehouse.load_files(Load("t", "two", mode="replace"), [two]).skipped
        assert rows(warehouse, 'SELECT "name" FROM "t"') == [("x",)]


def test_merge_updates_what_it_knows_and_adds_the_rest(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    def merge(load_id: str, **columns: list) -> bool:
        load = Load("t", load_id, mode="merge", key=("id", "lang"))
        return warehouse.load_files(load, [export(tmp_path, columns)]).skipped

    merge("one", id=[1, 1, 2], lang=["de", "en", "de"], a=["x", "y", "z"])
    merge("two", id=[1, 3], lang=["en", "de"], a=[None, "new"])
    sql = 'SELECT "id", "lang", "a" FROM "t" ORDER BY 1, 2'
    after = [(1, "de", "x"), (1, "en", None), (2, "de", "z"), (3, "de", "new")]
    assert rows(warehouse, sql) == after
    # an older load is work to do again when another came after it
    assert not merge("one", id=[1, 1, 2], lang=["de", "en", "de"], a=["x", "y", "z"])
    assert rows(warehouse, sql)[1] == (1, "en", "y")
    assert merge("one", id=[1, 1, 2], lang=["de", "en", "de"], a=["x", "y", "z"])


def test_merge_of_keys_alone_adds_the_new_ones(warehouse: Warehouse, tmp_path: Path) -> None:
    for load_id, ids in (("one", [1, 2]), ("two", [2, 3])):
        load = Load("t", load_id, mode="merge", key=KEY)
        warehouse.load_files(load, [export(tmp_path, {"id": ids})])
    assert rows(warehouse, 'SELECT "id" FROM "t" ORDER BY 1') == [(1,), (2,), (3,)]


def test_snapshot_keeps_every_version(warehouse: Warehouse, tmp_path: Path) -> None:
    def take(load_id: str, ids: list[int], values: list[str | None]) -> None:
        load = Load("t", load_id, mode="snapshot", key=KEY)
        warehouse.load_files(load, [export(tmp_path, {"id": ids, "a": values})])

    take("one", [1, 2, 3], ["x", "y", None])
    take("two", [1, 2, 4], ["x", None, "new"])  # 2 changed, 3 is gone, 4 came
    take("three", [1, 3, 4], ["x", None, "new"])  # 2 is gone, 3 is back
    current = 'SELECT "id", "a" FROM "t" WHERE "valid_to" IS NULL ORDER BY 1'
    assert rows(warehouse, current) == [(1, "x"), (3, None), (4, "new")]
    versions = 'SELECT "id", "a" FROM "t" ORDER BY "id", "valid_from"'
    assert rows(warehouse, versions) == [
        (1, "x"), (2, "y"), (2, None), (3, None), (3, None), (4, "new"),
    ]  # fmt: skip
    ended = 'SELECT count(*) FROM "t" WHERE "valid_to" <= "valid_from"'
    assert rows(warehouse, ended) == [(0,)]
    moments = 'SELECT count(DISTINCT "valid_from"), count(DISTINCT "valid_to") FROM "t"'
    assert rows(warehouse, moments) == [(3, 2)]


@pytest.mark.parametrize("mode", ["merge", "snapshot"])
@pytest.mark.parametrize(
    ("ids", "words"),
    [([1, 2, 1], r"\(id = 1\) names 2 rows"), ([1, None], r"NULL in 1 rows")],
)
def test_a_key_names_one_row(
    warehouse: Warehouse, tmp_path: Path, mode: str, ids: list[int | None], words: str
) -> None:
    load = Load("t", "one", mode=mode, key=KEY)
    warehouse.load_files(load, [export(tmp_path, {"id": [1], "a": ["x"]})])
    file = export(tmp_path, {"id": pa.array(ids, pa.int64()), "a": ["y"] * len(ids)})
    with pytest.raises(SchemaError, match=words):
        warehouse.load_files(Load("t", "two", mode=mode, key=KEY), [file])
    assert rows(warehouse, 'SELECT "id", "a" FROM "t"') == [(1, "x")]
    assert not warehouse.holds_load("t", "two")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [1]}, r"key column 'id' of table \S*t is not in the files; they have a"),
        (
            {"id": [1], "valid_to": [2]},
            r"'valid_to' of table \S*t is named as a column of the history",
        ),
    ],
)
def test_columns_that_a_snapshot_can_not_have(
    warehouse: Warehouse, tmp_path: Path, columns: dict, words: str
) -> None:
    load = Load("t", "one", mode="snapshot", key=KEY)
    with pytest.raises(SchemaError, match=words):
        warehouse.load_files(load, [export(tmp_path, columns)])
    assert not warehouse.holds_load("t", "one")


def test_a_table_without_history_takes_no_snapshot(warehouse: Warehouse, tmp_path: Path) -> None:
    file = export(tmp_path, {"id": [1]})
    warehouse.load_files(Load("t", "one"), [file])
    with pytest.raises(SchemaError, match="keeps no history"):
        warehouse.load_files(Load("t", "two", mode="snapshot", key=KEY), [file])


def test_another_schema_is_refused_and_named(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load_files(Load("t", "one"), [export(tmp_path, {"id": [1], "gone": ["x"]})])
    file = export(tmp_path, {"id": ["text"], "extra": [1]})
    with pytest.raises(SchemaError) as caught:
        warehouse.load_files(Load("t", "two", mode="append"), [file])
    for words in ("'gone' is only in the table", "'extra' is only in the files", "'id' is "):
        assert words in str(caught.value)
    assert rows(warehouse, 'SELECT "id" FROM "t"') == [(1,)]
    assert not warehouse.holds_load("t", "two")


@pytest.mark.parametrize("mode", ["append", "merge", "snapshot"])
def test_a_table_evolves_when_it_may(warehouse: Warehouse, tmp_path: Path, mode: str) -> None:
    key = () if mode == "append" else KEY
    first = {"id": [1], "n": pa.array([7], pa.int32()), "gone": ["x"]}
    warehouse.load_files(Load("t", "one", mode=mode, key=key), [export(tmp_path, first)])
    second = {"id": [2], "n": pa.array([2**40], pa.int64()), "extra": [date(2026, 1, 1)]}
    load = Load("t", "two", mode=mode, key=key, evolve=True)
    warehouse.load_files(load, [export(tmp_path, second)])
    assert rows(warehouse, 'SELECT "id", "n", "gone", "extra" FROM "t" ORDER BY 1') == [
        (1, 7, "x", None),
        (2, 2**40, None, date(2026, 1, 1)),
    ]


@pytest.mark.parametrize("mode", ["append", "merge"])
def test_columns_evolve_into_what_holds_both(
    warehouse: Warehouse, tmp_path: Path, mode: str
) -> None:
    key = () if mode == "append" else KEY
    small, days = pa.array([7], pa.int32()), [date(2026, 1, 1)]
    first = {"id": [1], "whole": small, "exact": [Decimal("1.5")], "day": days, "code": small}
    warehouse.load_files(Load("t", "one", mode=mode, key=key), [export(tmp_path, first)])
    moment = datetime(2026, 1, 2, 3, 4, 5)
    second = {
        "id": [2],
        "whole": [Decimal("2.25")],
        "exact": [Decimal("123.4")],
        "day": pa.array([moment], pa.timestamp("us")),
        "code": ["x7"],
    }
    load = Load("t", "two", mode=mode, key=key, evolve=True)
    warehouse.load_files(load, [export(tmp_path, second)])
    assert rows(warehouse, 'SELECT "whole", "exact", "day", "code" FROM "t" ORDER BY "id"') == [
        (Decimal("7.00"), Decimal("1.5"), datetime(2026, 1, 1), "7"),
        (Decimal("2.25"), Decimal("123.4"), moment, "x7"),
    ]


def test_a_table_does_not_evolve_into_another_type(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load_files(Load("t", "one"), [export(tmp_path, {"id": [1.5]})])
    file = export(tmp_path, {"id": ["x"]})
    with pytest.raises(SchemaError, match=r"'id' is .*can't evolve .*types of CleanTable"):
        warehouse.load_files(Load("t", "two", mode="append", evolve=True), [file])


def test_dictionaries_come_as_the_text_they_stand_for(warehouse: Warehouse, tmp_path: Path) -> None:
    coded = pa.array(["x", None, "y"]).dictionary_encode()
    warehouse.load_files(Load("t", "one"), [export(tmp_path, {"id": [1, 2, 3], "a": coded})])
    plain = export(tmp_path, {"id": [4], "a": ["z"]})
    warehouse.load_files(Load("t", "two", mode="append"), [plain])
    assert rows(warehouse, 'SELECT "id", "a" FROM "t" ORDER BY 1') == [
        (1, "x"),
        (2, None),
        (3, "y"),
        (4, "z"),
    ]
    assert warehouse.describe_table("t").columns["a"] in ("VARCHAR", "TEXT")


def test_values_of_every_kind_come_through(warehouse: Warehouse, tmp_path: Path) -> None:
    moment = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
    columns: dict[str, Any] = {
        "id": pa.array([1, 2], pa.int64()),
        "flag": [True, None],
        "small": pa.array([-(2**31), None], pa.int32()),
        "big": pa.array([2**63 - 1, None], pa.int64()),
        "huge": pa.array([2**64 - 1, None], pa.uint64()),
        "price": pa.array([Decimal("12345678901234567890.123456789"), None], pa.decimal128(38, 9)),
        "share": pa.array([0.1, None], pa.float64()),
        "day": pa.array([date(1930, 7, 13), None]),
        "at": pa.array([moment.replace(tzinfo=None), None], pa.timestamp("us")),
        "at_utc": pa.array([moment, None], pa.timestamp("us", "UTC")),
        "text": ['it\'s a "test"; -- \\ /* ö 🙂', ""],
        "raw": pa.array([b"\x00\xff", None], pa.binary()),
        "tags": pa.array([["a", None], []], pa.list_(pa.string())),
        "who": pa.array(
            [{"name": "x, y", "born": date(1900, 1, 1)}, None],
            pa.struct([("name", pa.string()), ("born", pa.date32())]),
        ),
        "vector": pa.array([[0.5, -1.0], None], pa.list_(pa.float32(), 2)),
    }
    warehouse.load_files(Load("t", "one"), [export(tmp_path, columns)])
    names = ", ".join(f'"{name}"' for name in columns)
    found = warehouse.query(f'SELECT {names} FROM "t" ORDER BY "id"')
    for name, values in columns.items():
        expected = values.to_pylist() if isinstance(values, pa.Array) else values
        assert found.column(name).to_pylist() == expected, name


@pytest.mark.parametrize("mode", ["create", "append", "merge"])
def test_names_mean_exactly_themselves(warehouse: Warehouse, tmp_path: Path, mode: str) -> None:
    names = ['say "hi"; DROP TABLE t --', "select", "Größe 🙂", "a.b", "it's", "%s ? $1", "A/*b*/"]
    key = () if mode != "merge" else (names[0],)
    table = 'my "table"; --'
    file = export(tmp_path, {name: [at] for at, name in enumerate(names)})
    warehouse.load_files(Load(table, "lo'ad \\ ; --", mode=mode, key=key), [file])
    assert warehouse.holds_load(table, "lo'ad \\ ; --")
    described = warehouse.describe_table(table)
    assert set(names) <= set(described.columns)
    quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    assert rows(warehouse, f'SELECT {quoted} FROM "my ""table""; --"') == [tuple(range(len(names)))]


def test_a_schema_is_made_for_its_table(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load_files(Load("sport.t", "one"), [export(tmp_path, {"id": [1]})])
    assert rows(warehouse, 'SELECT "id" FROM "sport"."t"') == [(1,)]
    assert warehouse.holds_load("sport.t", "one")
    assert not warehouse.holds_load("t", "one")


def test_zero_rows_make_an_empty_table(warehouse: Warehouse, tmp_path: Path) -> None:
    file = export(tmp_path, {"id": pa.array([], pa.int64())})
    assert warehouse.load_files(Load("t", "none"), [file]).rows == 0
    assert rows(warehouse, 'SELECT count(*) FROM "t"') == [(0,)]
    assert warehouse.holds_load("t", "none")


def test_the_nearest_vectors_come_first(warehouse: Warehouse, tmp_path: Path) -> None:
    vectors = pa.array([[1, 0], [0, 2], None, [-3, 0]], pa.list_(pa.float32(), 2))
    columns = {"name": ["east", "north", "nowhere", "west"], "v": vectors}
    warehouse.load_files(Load("t", "one"), [export(tmp_path, columns)])
    assert warehouse.describe_table("t").vectors == {"v": 2}
    found = warehouse.search("t", "v", [3.0, 1.0], 2).to_pylist()
    assert [row["name"] for row in found] == ["east", "north"]
    assert [round(row["similarity"], 4) for row in found] == [0.9487, 0.3162]
    assert "v" not in found[0]


def test_a_table_that_is_not_there_is_told_with_those_that_are(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.load_files(Load("t", "one"), [export(tmp_path, {"id": [1]})])
    with pytest.raises(WarehouseError, match=r"no table \S*other in .*\bt\b"):
        warehouse.describe_table("other")


@pytest.mark.parametrize("sql", ['DROP TABLE "t"', 'DELETE FROM "t"', 'SELECT 1; DROP TABLE "t"'])
def test_a_query_only_reads(warehouse: Warehouse, tmp_path: Path, sql: str) -> None:
    warehouse.load_files(Load("t", "one"), [export(tmp_path, {"id": [1, 2]})])
    with pytest.raises(WarehouseError):
        warehouse.query(sql)
    assert rows(warehouse, 'SELECT count(*) FROM "t"') == [(2,)]
    assert warehouse.query('SELECT "id" FROM "t"', limit=1).num_rows == 1


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "upsert"},
        {"load_id": ""},
        {"mode": "merge"},
        {"mode": "append", "key": ("id",)},
        {"table": "_dreambolt_loads"},
        {"table": "_DREAMBOLT_loads"},
    ],
)
def test_wrong_loads(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Load(**({"table": "t", "load_id": "x"} | options))
