"""How a load into Firebolt ends that is interrupted or crashes, and loads of files on S3."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.test_copy_into_firebolt import ask, environment, server
from tests.conftest import ROOT
from tests.secret_search import search_files
from tests.standins.firebolt import FireboltServer
from tests.standins.warm_command import WarmCommand

__all__ = ["environment", "server"]
INGEST = ["ingest", "things.csv", "--to", "firebolt://"]


def start(folder: Path, environment: dict[str, str]) -> WarmCommand:
    (folder / "things.csv").write_text("Id,Thing\n1,a\n2,b\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return WarmCommand(INGEST, folder, kept | {"PYTHONPATH": str(ROOT)} | environment)


def test_ctrl_c_rolls_the_transaction_back(
    server: FireboltServer, environment: dict[str, str], tmp_path: Path
) -> None:
    fault = server.break_at("hold before", '^COPY INTO "things"')
    command = start(tmp_path, environment)
    assert fault.held.wait(240)
    command.send_signal(signal.SIGINT)
    _, told = command.communicate()
    fault.released.set()
    assert command.returncode == 130
    assert told.startswith("interrupted; finished steps are kept")
    assert server.statements[-1] == "ROLLBACK"
    again = start(tmp_path, environment)
    again.communicate()
    assert again.returncode == 0
    assert ask(server, "SELECT count(*) FROM things") == [[2]]


def writes_cores(folder: Path) -> bool:
    """Whether a crash of a process without a guard leaves its memory in its folder."""
    folder.mkdir()
    crash = "import os, resource as r; r.setrlimit(r.RLIMIT_CORE, (-1, -1)); os.abort()"
    subprocess.run([sys.executable, "-c", crash], cwd=folder, check=False, capture_output=True)
    cores = list(folder.iterdir())
    for core in cores:
        core.unlink()
    return bool(cores)


def test_a_crash_leaves_no_memory_behind(
    server: FireboltServer, environment: dict[str, str], tmp_path: Path
) -> None:
    if not writes_cores(tmp_path / "control"):
        pytest.skip("this machine keeps no core dumps: kernel.core_pattern or ulimit -c")
    fault = server.break_at("hold before", '^COPY INTO "things"')
    command = start(tmp_path, environment)
    process = command._process.pid
    resource.prlimit(process, resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    assert fault.held.wait(240)
    assert resource.prlimit(process, resource.RLIMIT_CORE)[0] == 1
    command.send_signal(signal.SIGABRT)
    command.communicate()
    fault.released.set()
    assert command.returncode == -signal.SIGABRT
    assert not list(tmp_path.rglob("core*"))
    assert search_files(tmp_path) == []


def test_files_on_s3_are_found_and_loaded_where_they_are(
    server: FireboltServer, session: Callable[..., Any], s3: Any, tmp_path: Path
) -> None:
    from dreambolt_steps import CopyIntoFirebolt, FindParquet, columns
    from dreambolt_steps.dry_run import rehearse

    def put(name: str, ids: list[int]) -> None:
        pq.write_table(pa.table({"id": ids}), tmp_path / "x.parquet")
        s3.put_file(str(tmp_path / "x.parquet"), f"bucket/lake/{name}.parquet")

    def run() -> Any:
        with session():
            files = FindParquet("files", args={"source": "s3://bucket/lake/*.parquet"})
            return CopyIntoFirebolt(
                "copy", inputs=columns(files), args={"table": "t", "mode": "replace"}
            )

    put("one", [1, 2])
    put("two", [3])
    with rehearse():
        told = run().receipt.notes
    assert told[0] == "would make table t in firebolt://firebolt: 3 rows"
    assert [line for line in told if "FROM 's3://bucket/lake/two.parquet'" in line]
    assert not [line for line in told if "would stage" in line]
    assert run().receipt.rows_out == 3
    rows = ask(server, "SELECT id, _dreambolt_file FROM t ORDER BY 1")
    assert rows == [[1, "lake/one.parquet"], [2, "lake/one.parquet"], [3, "lake/two.parquet"]]
    assert run().receipt.resumed
    put("two", [4, 5])
    assert not run().receipt.resumed
    assert ask(server, "SELECT id FROM t ORDER BY 1") == [[1], [2], [4], [5]]
    assert not [sql for sql in server.statements if "s3://bucket/step/" in sql]
