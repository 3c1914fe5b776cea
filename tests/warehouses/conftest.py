"""Every warehouse that the contract holds for."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreambolt_steps.warehouses.duckdb import DuckDBWarehouse
from dreambolt_steps.warehouses.warehouse import Warehouse


@pytest.fixture(params=["duckdb"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """An empty warehouse."""
    return DuckDBWarehouse(tmp_path / "warehouse.duckdb")
