"""Categories that cleaning found are dictionaries in the export, and text for who reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps import CleanTable, CopyIntoDuckDB, ExportParquet, LoadTable, columns
from dreambolt_steps.tables.export.categories import encode_categories
from dreambolt_steps.tables.export.export import write_parquet

ROWS = 3_000
TEAMS = ["ITA", "FRA", "N/A", "BRA"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    lines = [f"{at},{TEAMS[at % 4]},{TEAMS[at % 3]},name {at}" for at in range(ROWS)]
    path = tmp_path / "in.csv"
    path.write_text("id,team,secret,name\n" + "\n".join(lines) + "\n")
    return path


def test_a_category_is_a_dictionary_of_its_values_for_readers_of_arrow(
    source: Path, session: Callable[..., Any], tmp_path: Path
) -> None:
    with session():
        raw = LoadTable("load", args={"source": str(source)})
        args = {"masks": {"secret": "partial"}}
        clean = CleanTable("clean", inputs=columns(raw), args=args)
        files = ExportParquet(
            "export",
            inputs=columns(clean),
            args={"path": str(tmp_path / "out"), "row_group_rows": 1_000},
        )
        database, table = str(tmp_path / "w.duckdb"), "players"
        CopyIntoDuckDB("copy", inputs=columns(files), args={"database": database, "table": table})
        assert clean.output.dataset.features["team"].dtype == "string"
        assert files.receipt.report["dictionaries"] == ["team"]
        assert "as dictionaries: team" in files.receipt.notes
        [path] = [Path(row["path"]) for row in files.output.dataset]
    found = pq.read_table(path)
    kinds = {field.name: field.type for field in found.schema}
    assert kinds["team"] == pa.dictionary(pa.int32(), pa.string())
    assert kinds["secret"] == kinds["name"] == pa.string()
    expected = [None if at % 4 == 2 else TEAMS[at % 4] for at in range(ROWS)]
    assert found["team"].to_pylist() == expected
    metadata = pq.read_metadata(path)
    encodings = {metadata.row_group(at).column(1).encodings for at in range(3)}
    assert encodings == {("PLAIN", "RLE", "RLE_DICTIONARY")}
    frame = pandas.read_parquet(path)
    assert sorted(frame["team"].cat.categories) == ["BRA", "FRA", "ITA"]
    with duckdb.connect(database, read_only=True) as connection:
        described = connection.sql("select column_type from (describe players)").fetchall()
        assert described[1] == ("VARCHAR",)
        counted = connection.sql("select team, count(*) from players group by 1 order by 1")
        assert counted.fetchall() == [("BRA", 750), ("FRA", 750), ("ITA", 750), (None, 750)]
    with session():
        again = LoadTable("load again", args={"source": str(path)})
        assert again.output.dataset.to_dict()["team"] == expected


def test_chunks_with_other_dictionaries_stay_dictionaries_in_the_file(tmp_path: Path) -> None:
    batches = [["a", "b", None], ["c", "a", "d"], [None, None, None]]
    schema = pa.schema([("x", pa.string())])
    reader = pa.RecordBatchReader.from_batches(
        schema, [pa.record_batch({"x": pa.array(batch, pa.string())}) for batch in batches]
    )
    path = tmp_path / "out.parquet"
    write_parquet(encode_categories(reader, ["x", "none such"]), path)
    assert pq.read_table(path)["x"].to_pylist() == [one for batch in batches for one in batch]
    column = pq.read_metadata(path).row_group(0).column(0)
    assert column.has_dictionary_page
    with duckdb.connect() as connection:
        query = f"select encodings from parquet_metadata('{path}')"
        assert "RLE_DICTIONARY" in str(connection.sql(query).fetchall())
    same = pa.table({"x": [value for batch in batches for value in batch]})
    other = tmp_path / "other.parquet"
    write_parquet(encode_categories(same.to_reader(), ["x"]), other)
    assert other.read_bytes() == path.read_bytes()  # whatever the batches: one fingerprint
