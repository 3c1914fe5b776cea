"""Every warehouse that the contract holds for, and Firebolt as the tests have it."""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps.warehouses.duckdb.warehouse import DuckDBWarehouse
from dreambolt_steps.warehouses.load import Load
from tests.standins.firebolt import FireboltServer, serve
from tests.standins.firebolt_engine import Engine

_numbers = itertools.count()


@pytest.fixture
def firebolt_server(s3: Any, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The stand-in as a Firebolt Core; the environment says where it is, and where to stage."""
    for name in [name for name in os.environ if name.startswith("FIREBOLT_")]:
        monkeypatch.delenv(name)
    with serve(Engine(s3_endpoint)) as server:
        monkeypatch.setenv("FIREBOLT_CORE_URL", server.url)
        monkeypatch.setenv("FIREBOLT_STAGING", f"s3://bucket/staging-{next(_numbers)}/")
        yield server


@pytest.fixture
def open_firebolt(firebolt_server: FireboltServer) -> Callable[..., Any]:
    """Opens the stand-in as a warehouse; keyword arguments are its options."""
    from dreambolt_steps.warehouses.firebolt.prepare import FireboltOptions
    from dreambolt_steps.warehouses.firebolt.settings import read_settings
    from dreambolt_steps.warehouses.firebolt.warehouse import FireboltWarehouse

    return lambda **options: FireboltWarehouse(read_settings(), FireboltOptions(**options))


REAL = {name: value for name, value in os.environ.items() if name.startswith(("FIREBOLT_", "AWS_"))}
MANAGED = ("CLIENT_ID", "CLIENT_SECRET", "ACCOUNT", "DATABASE", "ENGINE")
ASKED = bool(REAL.get("FIREBOLT_CORE_URL") or all(REAL.get(f"FIREBOLT_{name}") for name in MANAGED))


class OwnTables:
    """A real Firebolt as a warehouse whose tables live in schemas of this test, which are dropped
    with the ledger's rows of them at the end: `t` is called `<schema>.t` there, and `sport.t`
    `<schema>_sport.t`."""

    def __init__(self, warehouse: Any, schema: str) -> None:
        self._warehouse = warehouse
        self._schema = schema
        self.name = warehouse.name

    def _move(self, table: str) -> str:
        schema, _, name = table.rpartition(".")
        return f"{self._schema}_{schema}.{name}" if schema else f"{self._schema}.{name}"

    def load_files(
        self, load: Load, files: Any, on_progress: Any = None, on_loss: Any = None
    ) -> Any:
        moved = dataclasses.replace(load, table=self._move(load.table))
        return self._warehouse.load_files(moved, files, on_progress, on_loss)

    def holds_load(self, table: str, load_id: str) -> bool:
        return bool(self._warehouse.holds_load(self._move(table), load_id))

    def describe_table(self, table: str) -> Any:
        return self._warehouse.describe_table(self._move(table))

    def query(self, sql: str, limit: int | None = None) -> Any:
        moved = sql.replace('"sport".', f'"{self._schema}_sport".')
        if moved == sql:
            moved = re.sub(r'(FROM|TABLE) (?=")', rf'\1 "{self._schema}".', sql)
        return self._warehouse.query(moved, limit)

    def search(self, table: str, column: str, vector: Any, k: int) -> Any:
        return self._warehouse.search(self._move(table), column, vector, k)


@pytest.fixture
def real_firebolt(monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnTables]:
    """The Firebolt that the environment names: files are staged where FIREBOLT_STAGING is set, and
    sent along with the statements otherwise."""
    from dreambolt_steps.warehouses.firebolt.connection import FireboltConnection
    from dreambolt_steps.warehouses.firebolt.prepare import FireboltOptions
    from dreambolt_steps.warehouses.firebolt.settings import read_settings
    from dreambolt_steps.warehouses.firebolt.warehouse import FireboltWarehouse

    for name, value in REAL.items():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    schema = f"dreambolt_test_{secrets.token_hex(6)}"
    options = FireboltOptions(upload=settings.staging is None)
    yield OwnTables(FireboltWarehouse(settings, options), schema)
    with FireboltConnection(settings) as connection:
        for name in (schema, f"{schema}_sport"):
            connection.ask(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')
            begun = f"""DELETE FROM "_dreambolt_loads" WHERE "table_name" >= '{name}.'"""
            connection.ask(f"""{begun} AND "table_name" < '{name}/'""")


@pytest.fixture(params=["duckdb", "firebolt", *(["real firebolt"] if ASKED else [])])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An empty warehouse."""
    if request.param == "firebolt":
        return request.getfixturevalue("open_firebolt")()
    if request.param == "real firebolt":
        return request.getfixturevalue("real_firebolt")
    return DuckDBWarehouse(tmp_path / "warehouse.duckdb")
