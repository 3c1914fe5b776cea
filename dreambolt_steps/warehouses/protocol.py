"""What a place that tables are loaded into has to offer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dreambolt_steps.warehouses.firebolt.settings import is_firebolt, read_settings
from dreambolt_steps.warehouses.load import Load, LoadReceipt, TableDescription

if TYPE_CHECKING:
    import pyarrow as pa


class Warehouse(Protocol):
    """A place that tables are loaded into; every one passes tests/warehouses/test_contract.py.

    All methods raise `WarehouseError` for what the warehouse refuses or does not have,
    `WarehouseBusyError` for what may pass, `CredentialError` for credentials that are missing or
    refused, and `SchemaError` for columns that do not fit.
    """

    name: str

    def load_files(
        self,
        load: Load,
        files: Sequence[str | Path],
        on_progress: Callable[[int], None] | None = None,
        on_loss: Callable[[str], None] | None = None,
    ) -> LoadReceipt:
        """Load Parquet files in one transaction with the record of the load, unless it is made.

        Readers see the table before or after the load, nothing between. A failure at any point
        leaves what was there; the same call then makes the load, once.

        Args:
            load: what is asked for.
            files: Parquet files of one schema.
            on_progress: called with the number of rows loaded so far.
            on_loss: told, before it goes, each thing that is replaced for good.
        """

    def holds_load(self, table: str, load_id: str) -> bool:
        """Say whether a table holds a load; False if the table is gone or was emptied."""

    def list_tables(self) -> list[str]:
        """List the tables as a user names them, without the record of loads."""

    def describe_table(self, table: str) -> TableDescription:
        """Describe a table: its columns, rows, loads and vectors."""

    def query(self, sql: str, limit: int | None = None) -> pa.Table:
        """Run one query that only reads; `limit` is the most rows to return."""

    def open_query(
        self, sql: str, limit: int | None = None
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """As `query`, streamed."""

    def count_query(self, sql: str) -> int:
        """Count the rows of a query that only reads."""

    def search(self, table: str, column: str, vector: Sequence[float], k: int) -> pa.Table:
        """Find the `k` rows nearest to a vector: every column but the vectors, and `similarity`
        (cosine, -1 to 1), best first."""


def open_warehouse(target: str | Path) -> Warehouse:
    """Open the warehouse that a target names; nothing is made or sent yet.

    Args:
        target: a DuckDB file, or firebolt://, firebolt://DATABASE, firebolt://DATABASE/ENGINE.

    Raises:
        CredentialError: a variable for Firebolt is not set.

    Example:
        open_warehouse("out/x.duckdb").describe_table("players")
    """
    if is_firebolt(target):
        from dreambolt_steps.warehouses.firebolt.warehouse import FireboltWarehouse

        return FireboltWarehouse(read_settings(str(target)))
    from dreambolt_steps.warehouses.duckdb.warehouse import DuckDBWarehouse

    return DuckDBWarehouse(target)
