"""The contract as it runs on a real Firebolt, run here on the stand-in as if it were one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import pytest

from dreambolt_steps.warehouses.s3_staging.bucket import open_bucket
from tests.conftest import ROOT
from tests.standins.firebolt import serve
from tests.standins.firebolt_engine import Engine


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("staged", [False, True])
def test_the_contract_runs_where_the_environment_says_and_leaves_what_was_there(
    s3: Any, s3_endpoint: str, staged: bool
) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FIREBOLT_")}
    environment |= {"PYTHONPATH": str(ROOT)}
    with serve(Engine(s3_endpoint)) as server:
        environment["FIREBOLT_CORE_URL"] = server.url
        if staged:
            environment["FIREBOLT_STAGING"] = "s3://bucket/real/"
        server.engine.run("CREATE SCHEMA sport")  # a user's own
        server.engine.run("CREATE TABLE sport.t (a INTEGER NULL)")
        contract = ["tests/warehouses/test_contract.py", "-k", "real", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *contract],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=1000,
        )
        assert done.returncode == 0, done.stdout
        assert int(re.findall(r"(\d+) passed", done.stdout)[0]) == 39
        tables = "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1"
        left = [["public", "_dreambolt_loads"], ["sport", "t"]]
        assert server.engine.run(tables)["data"] == left
        assert server.engine.run('SELECT count(*) FROM "_dreambolt_loads"')["data"] == [[0]]
        copied = [sql for sql in server.statements if sql.startswith("COPY INTO")]
        assert bool(copied) is staged
    assert "Contents" not in open_bucket().list_objects_v2(Bucket="bucket", Prefix="real/")
