"""Every warehouse that the contract holds for, and Firebolt as the tests have it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps.warehouses.duckdb import DuckDBWarehouse
from dreambolt_steps.warehouses.warehouse import Warehouse
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
    from dreambolt_steps.warehouses.firebolt import FireboltWarehouse
    from dreambolt_steps.warehouses.firebolt_prepare import FireboltOptions
    from dreambolt_steps.warehouses.firebolt_settings import read_settings

    return lambda **options: FireboltWarehouse(read_settings(), FireboltOptions(**options))


@pytest.fixture(params=["duckdb", "firebolt"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """An empty warehouse."""
    if request.param == "firebolt":
        return request.getfixturevalue("open_firebolt")()
    return DuckDBWarehouse(tmp_path / "warehouse.duckdb")
