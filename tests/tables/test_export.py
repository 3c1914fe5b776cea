"""Parquet exports: what is in the files, and that no failure leaves half of one behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import xxhash

from dreambolt_steps.errors import ExportError, UsageError
from dreambolt_steps.tables.export.export import ExportedFile, verify_export, write_parquet
from dreambolt_steps.tables.export.publish import publish_folder, stage_folder

ROOT = Path(__file__).resolve().parents[2]

CHILD = """
import sys, time
import pyarrow as pa
from dreambolt_steps.tables.export.export import write_parquet

def tell(rows):
    print(rows, flush=True)
    if rows >= int(sys.argv[2]):
        time.sleep(60)

table = pa.table({"n": pa.array(range(20_000))})
write_parquet(
    table.to_reader(1000), sys.argv[1], row_group_rows=1000, max_file_bytes=20_000, on_progress=tell
)
"""


def make_table(rows: int, seed: int = 0) -> pa.Table:
    dice = random.Random(seed)
    return pa.table(
        {
            "n": pa.array([dice.getrandbits(60) for _ in range(rows)], pa.int64()),
            "name": pa.array([f"né\n'{n}'" if n % 7 else None for n in range(rows)]),
        }
    )


def read_folder(folder: Path) -> pa.Table:
    return pa.concat_tables(pq.read_table(path) for path in sorted(folder.glob("*.parquet")))


def list_hidden(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.name.startswith(".")]


@pytest.fixture
def small_disk(mount_disk: Callable[[int], Path]) -> Path:
    """A disk of 2 MiB."""
    return mount_disk(2)


def test_one_file_holds_the_table_and_its_metadata(tmp_path: Path) -> None:
    table = make_table(1000)
    seen: list[int] = []
    [file] = write_parquet(
        table.to_reader(100),
        tmp_path / "new" / "t.parquet",
        row_group_rows=300,
        metadata={"source": "abc", "embedding.name": "mini"},
        on_progress=seen.append,
    )
    assert file.path == tmp_path / "new" / "t.parquet"
    assert pq.read_table(file.path).equals(table)
    found = pq.ParquetFile(file.path)
    sizes = [found.metadata.row_group(n).num_rows for n in range(found.num_row_groups)]
    assert sizes == [300, 300, 300, 100]
    assert seen == [300, 600, 900, 1000]
    assert found.metadata.metadata[b"dreambolt.source"] == b"abc"
    assert found.metadata.metadata[b"dreambolt.embedding.name"] == b"mini"
    assert found.metadata.row_group(0).column(0).compression == "ZSTD"
    content = Path(file.path).read_bytes()
    assert (file.rows, file.bytes) == (1000, len(content))
    assert file.fingerprint == xxhash.xxh3_128_hexdigest(content)
    assert list_hidden(tmp_path / "new") == []


def test_batch_sizes_do_not_change_the_file(tmp_path: Path) -> None:
    table = make_table(1000)
    prints = {
        write_parquet(table.to_reader(size), tmp_path / "t.parquet", row_group_rows=300)[
            0
        ].fingerprint
        for size in (7, 300, 301, 5000)
    }
    assert len(prints) == 1


def test_a_folder_is_split_by_size_and_keeps_the_order(tmp_path: Path) -> None:
    table = make_table(20_000)
    files = write_parquet(
        table.to_reader(500), tmp_path / "t", row_group_rows=1000, max_file_bytes=50_000
    )
    assert len(files) > 3
    assert max(file.bytes for file in files) < 60_000
    assert sum(file.rows for file in files) == 20_000
    assert pa.concat_tables(pq.read_table(file.path) for file in files).equals(table)
    # readers of folders: by name order, without the manifest
    assert ds.dataset(tmp_path / "t").to_table().equals(table)
    glob = f"FROM read_parquet('{tmp_path}/t/*.parquet')"
    assert duckdb.connect().sql(glob).fetchall() == list(
        zip(*table.to_pydict().values(), strict=True)
    )
    manifest = json.loads((tmp_path / "t" / "_manifest.json").read_text())
    assert [file["rows"] for file in manifest["files"]] == [file.rows for file in files]


def test_one_file_is_never_split(tmp_path: Path) -> None:
    table = make_table(20_000)
    path = tmp_path / "t.parquet"
    assert len(write_parquet(table.to_reader(), path, max_file_bytes=1000)) == 1
    assert pq.read_table(path).equals(table)


def test_zero_rows_give_one_file_with_the_schema(tmp_path: Path) -> None:
    schema = pa.schema([("a", pa.int8()), ("v", pa.list_(pa.float32(), 3))])
    files = write_parquet(schema.empty_table().to_reader(), tmp_path / "t")
    assert [file.rows for file in files] == [0]
    assert pq.read_table(files[0].path).schema.equals(schema)


def test_vectors_come_back_as_fixed_size_lists(tmp_path: Path) -> None:
    vectors = pa.array([[1.5, -2, 3], None, [0, 0, 1e-9]], pa.list_(pa.float32(), 3))
    table = pa.table({"v": vectors})
    [file] = write_parquet(table.to_reader(), tmp_path / "t.parquet")
    assert pq.read_table(file.path).equals(table)


def test_wide_rows_get_smaller_row_groups(tmp_path: Path) -> None:
    values = pa.array(range(3_000_000), pa.float32())
    table = pa.table({"v": pa.FixedSizeListArray.from_arrays(values, 1000)})
    big = pa.concat_tables([table] * 12)  # 144 MB in memory
    [file] = write_parquet(big.to_reader(500), tmp_path / "t.parquet", compression="none")
    assert pq.ParquetFile(file.path).num_row_groups == 3
    assert file.rows == 36_000


def test_run_metadata_of_the_reader_is_left_out(tmp_path: Path) -> None:
    prints = set()
    for run in ("one", "two"):
        table = make_table(10).replace_schema_metadata({"huggingface": run})
        prints.add(write_parquet(table.to_reader(), tmp_path / "t.parquet")[0].fingerprint)
    assert len(prints) == 1


def test_a_smaller_export_replaces_all_of_a_larger_one(tmp_path: Path) -> None:
    large, small = make_table(20_000), make_table(2000, seed=1)
    options = {"row_group_rows": 1000, "max_file_bytes": 20_000}
    first = write_parquet(large.to_reader(), tmp_path / "t", **options)
    second = write_parquet(small.to_reader(), tmp_path / "t", **options)
    assert read_folder(tmp_path / "t").equals(small)
    assert not {file.path for file in first} & {file.path for file in second}
    assert list_hidden(tmp_path) == []


def test_without_folder_exchange_the_export_is_replaced_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreambolt_steps.tables.export.publish._exchange", lambda *_: False)
    for seed in (1, 2):
        table = make_table(100, seed)
        write_parquet(table.to_reader(), tmp_path / "t")
        assert read_folder(tmp_path / "t").equals(table)
        assert list_hidden(tmp_path) == []


def test_readers_see_one_export_or_the_other(tmp_path: Path) -> None:
    """A reader in another process never finds the folder missing, empty or mixed."""
    folder = tmp_path / "t"
    options = {"row_group_rows": 100, "max_file_bytes": 1}
    tables = [make_table(300, seed) for seed in range(2)]
    prints = [
        sorted(file.fingerprint for file in write_parquet(table.to_reader(), folder, **options))
        for table in tables
    ]
    script = (
        "import json, os, sys, pathlib\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "def identify():\n"
        "    return folder.stat().st_ino, folder.stat().st_mtime_ns\n"
        "print('ready', flush=True)\n"
        "while not (folder.parent / 'stop').exists():\n"
        "    opened = identify()\n"
        "    try:\n"
        "        listed = json.loads((folder / '_manifest.json').read_text())['files']\n"
        "    except FileNotFoundError:\n"
        "        assert identify() != opened  # it was removed while the path was looked up\n"
        "        continue\n"
        "    print(json.dumps(sorted(f['fingerprint'] for f in listed)), flush=True)\n"
        "    names = os.listdir(folder)\n"
        "    if identify() == opened:  # else what was opened is removed by now, file by file\n"
        "        assert sum(name.endswith('.parquet') for name in names) == 3\n"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    reader.stdout.readline()
    for turn in range(40):
        write_parquet(tables[turn % 2].to_reader(), folder, **options)
    (tmp_path / "stop").touch()
    seen = [json.loads(line) for line in reader.stdout]
    assert reader.wait() == 0
    assert seen
    assert all(prints_seen in prints for prints_seen in seen)


@pytest.mark.parametrize("name", ["t", "t.parquet"])
def test_a_killed_export_leaves_the_old_one_and_the_next_cleans_up(
    tmp_path: Path, name: str
) -> None:
    target = tmp_path / name
    old = make_table(50)
    write_parquet(old.to_reader(), target)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(target), "5000"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    while child.stdout.readline().strip() != "5000":
        assert child.poll() is None
    assert len(list_hidden(tmp_path)) == 1
    # a second run beside the living one leaves its temporary files alone
    write_parquet(old.to_reader(), tmp_path / "other.parquet")
    assert len(list_hidden(tmp_path)) == 1
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert pq.read_table(target).equals(old)

    table = pa.table({"n": pa.array(range(20_000))})
    options = {"row_group_rows": 1000, "max_file_bytes": 20_000}
    again = write_parquet(table.to_reader(1000), target, **options)
    (tmp_path / "clean").mkdir()
    fresh = write_parquet(table.to_reader(1000), tmp_path / "clean" / name, **options)
    assert [file.fingerprint for file in again] == [file.fingerprint for file in fresh]
    assert list_hidden(tmp_path) == []


def test_killed_at_any_time(tmp_path: Path) -> None:
    """Kills at arbitrary moments, imports and the exchange included."""
    target = tmp_path / "t"
    table = pa.table({"n": pa.array(range(20_000))})
    for turn in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(target), "99999999"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert child.stdout is not None
        if turn:
            child.stdout.readline()
            time.sleep(0.004 * turn)
        child.send_signal(signal.SIGKILL)
        child.wait()
        if target.exists():
            assert read_folder(target).equals(table)
    options = {"row_group_rows": 1000, "max_file_bytes": 20_000}
    write_parquet(table.to_reader(1000), target, **options)
    assert read_folder(target).equals(table)
    assert list_hidden(tmp_path) == []


def test_a_failing_reader_leaves_nothing(tmp_path: Path) -> None:
    table = make_table(1000)

    def fail() -> Iterator[pa.RecordBatch]:
        yield from table.to_batches()
        raise ValueError("row 1001 is bad")

    reader = pa.RecordBatchReader.from_batches(table.schema, fail())
    with pytest.raises(ValueError, match="row 1001"):
        write_parquet(reader, tmp_path / "t", row_group_rows=100)
    assert list(tmp_path.iterdir()) == []


def test_foreign_files_are_never_touched(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    (folder / "part-00000.parquet").write_bytes(b"mine")
    with pytest.raises(ExportError, match=r"part-00000.parquet.*empty folder"):
        write_parquet(make_table(1).to_reader(), folder)
    (folder / "part-00000.parquet").unlink()
    write_parquet(make_table(1).to_reader(), folder)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"notes.txt"):
        write_parquet(make_table(1).to_reader(), folder)
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_foreign_file_that_comes_while_writing_stops_the_exchange(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    old = make_table(5)
    write_parquet(old.to_reader(), folder)
    with pytest.raises(ExportError, match=r"late.txt"):
        write_parquet(
            make_table(9).to_reader(),
            folder,
            on_progress=lambda _: (folder / "late.txt").write_text("mine") and None,
        )
    assert read_folder(folder).equals(old)
    assert (folder / "late.txt").read_text() == "mine"


def test_foreign_files_under_a_temporary_name_survive_the_sweep(tmp_path: Path) -> None:
    with stage_folder(tmp_path / "t") as staged:
        (staged / "mine.txt").write_text("mine")
        publish_folder(staged, tmp_path / ".dreambolt-t-0123abcd.tmp")
    write_parquet(make_table(1).to_reader(), tmp_path / "t")
    assert (tmp_path / ".dreambolt-t-0123abcd.tmp" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("content", [b"", b"PAR1 not really PAR1", b"plain text"])
def test_a_foreign_file_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(content)
    with pytest.raises(ExportError, match="no export of this package"):
        write_parquet(make_table(1).to_reader(), path)
    assert path.read_bytes() == content


def test_a_foreign_parquet_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(make_table(7), path)
    with pytest.raises(ExportError, match="no export of this package"):
        write_parquet(make_table(1).to_reader(), path)
    assert pq.read_table(path).equals(make_table(7))


def test_targets_of_the_wrong_kind(tmp_path: Path) -> None:
    (tmp_path / "d.parquet").mkdir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match="is a folder"):
        write_parquet(make_table(1).to_reader(), tmp_path / "d.parquet")
    with pytest.raises(ExportError, match="is a file"):
        write_parquet(make_table(1).to_reader(), tmp_path / "file")
    with pytest.raises(ExportError, match="file"):
        write_parquet(make_table(1).to_reader(), tmp_path / "file" / "below")


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_parquet(make_table(3).to_reader(), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert read_folder(tmp_path / "real").equals(make_table(3))


@pytest.mark.parametrize("name", ["t", "t.parquet"])
def test_a_full_disk_leaves_the_old_export(small_disk: Path, name: str) -> None:
    old = make_table(1000)
    write_parquet(old.to_reader(), small_disk / name)
    with pytest.raises(ExportError, match=r"no room to write .* MiB free"):
        write_parquet(make_table(500_000).to_reader(), small_disk / name, row_group_rows=10_000)
    assert list_hidden(small_disk) == []
    assert pq.read_table(small_disk / name).equals(old)


def test_a_mount_point_and_a_read_only_disk_are_refused(small_disk: Path) -> None:
    with pytest.raises(ExportError, match="mount point"):
        write_parquet(make_table(1).to_reader(), small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(ExportError, match=r"can't be written: read-only"):
        write_parquet(make_table(1).to_reader(), small_disk / "t")


def test_a_file_size_limit_leaves_nothing(tmp_path: Path) -> None:
    script = CHILD.replace(
        "import sys, time",
        "import sys, time, resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))",
    )
    child = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "t"), "99999999"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "ExportError: no room to write" in child.stderr
    assert "file too large" in child.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_permission(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("a user that is not root is missing: root may write everywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(ExportError, match="permission denied"):
        write_parquet(make_table(1).to_reader(), tmp_path / "t")


@pytest.mark.parametrize(
    "options", [{"compression": "zip"}, {"row_group_rows": 0}, {"max_file_bytes": 0}]
)
def test_wrong_arguments(tmp_path: Path, options: dict) -> None:
    with pytest.raises(UsageError):
        write_parquet(make_table(1).to_reader(), tmp_path / "t", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_type_that_parquet_lacks_is_named(tmp_path: Path) -> None:
    table = pa.table({"gap": pa.array([(1, 2, 3)], pa.month_day_nano_interval())})
    with pytest.raises(ExportError, match="interval"):
        write_parquet(table.to_reader(), tmp_path / "t")
    assert list(tmp_path.iterdir()) == []


def test_verify_says_what_changed(tmp_path: Path) -> None:
    files = write_parquet(
        make_table(3000).to_reader(), tmp_path / "t", row_group_rows=1000, max_file_bytes=1
    )
    assert verify_export(files) == []
    told = [ExportedFile(str(f.path), f.rows, f.bytes, f.fingerprint) for f in files]
    Path(files[0].path).unlink()
    Path(files[2].path).write_bytes(b"short")
    assert verify_export(told) == [
        f"{files[0].path}: no such file or directory",
        f"{files[2].path}: 5 bytes, written with {files[2].bytes:,}",
    ]
