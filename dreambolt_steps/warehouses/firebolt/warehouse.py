# ruff: noqa: S608 (every identifier goes through quote_identifier or quote_table)
"""Firebolt as a warehouse: files staged on S3, brought in by COPY, each load once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa

from dreambolt_steps.errors import (
    DreamboltError,
    UnknownColumnError,
    UnknownTableError,
    UsageError,
    WarehouseBusyError,
    WarehouseError,
)
from dreambolt_steps.unknown_names import tell_known
from dreambolt_steps.warehouses.firebolt.catalog import (
    TableState,
    begin_load,
    count_rows,
    find_state,
    list_tables,
)
from dreambolt_steps.warehouses.firebolt.check import open_running
from dreambolt_steps.warehouses.firebolt.connection import FireboltConnection, retry
from dreambolt_steps.warehouses.firebolt.files import Delivery
from dreambolt_steps.warehouses.firebolt.prepare import (
    FireboltOptions,
    find_delivery,
    prepare_load,
    tell_losses,
)
from dreambolt_steps.warehouses.firebolt.rejects import LeftOut, read_rejects
from dreambolt_steps.warehouses.firebolt.run import LoadRun
from dreambolt_steps.warehouses.firebolt.settings import FireboltSettings
from dreambolt_steps.warehouses.firebolt.sql.ledger import render_create_ledger
from dreambolt_steps.warehouses.firebolt.sql.names import FILE_COLUMN, quote_table
from dreambolt_steps.warehouses.firebolt.sql.types import is_vector
from dreambolt_steps.warehouses.firebolt.sql.vectors import (
    name_vector_index,
    render_search,
)
from dreambolt_steps.warehouses.load import Load, LoadReceipt, TableDescription, is_made
from dreambolt_steps.warehouses.parquet_files import read_footers
from dreambolt_steps.warehouses.s3_staging.bucket import delete_staged
from dreambolt_steps.warehouses.s3_staging.upload import stage_files
from dreambolt_steps.warehouses.sql import quote_identifier

_READING = re.compile(r"\s*\(*\s*(SELECT|WITH|EXPLAIN|SHOW)\b", re.IGNORECASE)


class FireboltWarehouse:
    """A database of Firebolt as a `Warehouse`.

    Args:
        settings: where it is (`read_settings`).
        options: how files get there.
        on_stage: called with bytes that are staged so far, and all of them.

    Example:
        FireboltWarehouse(read_settings("firebolt://lake")).holds_load("players", "2026-01-01")
    """

    def __init__(
        self,
        settings: FireboltSettings,
        options: FireboltOptions | None = None,
        on_stage: Callable[[int, int], None] | None = None,
    ) -> None:
        self.name = settings.name
        self.options = options or FireboltOptions()
        self.left_out: list[LeftOut] = []  # rows of the last load that were not loaded
        self.staged: str | None = None  # where files of the last load were left
        self._settings = settings
        self._on_stage = on_stage or (lambda done, total: None)

    def load_files(
        self,
        load: Load,
        files: Sequence[str | Path],
        on_progress: Callable[[int], None] | None = None,
        on_loss: Callable[[str], None] | None = None,
    ) -> LoadReceipt:
        """See `Warehouse.load_files`."""
        self.left_out, self.staged = [], None
        with self._open() as connection:
            layout = self.options.layout
            state = find_state(
                connection,
                load.table,
                load_id=load.load_id,
                indexes=load.evolve or load.replaces or bool(layout.vector_index),
                count=load.replaces,
            )
            footers = read_footers(files, "Firebolt")
            if is_made(load, list(state.held)):
                rows = sum(r.rows for r in state.held if r.load_id == load.load_id)
                # a run that was killed after its COMMIT left what it had staged
                delivery = find_delivery(load, footers, self._settings, self.options)
                self.left_out = self._read_rejects(delivery)
                self._settle(delivery)
                rejected = max(sum(footers.rows) - rows, 0)
                return LoadReceipt(load.table, load.load_id, rows, skipped=True, rejected=rejected)
            delivery, plan_attempt = prepare_load(
                load, footers, state, self._settings, self.options
            )
            if on_loss:
                for told in tell_losses(load, delivery, state, self.options):
                    on_loss(f"replaced for good: {told}")
            if not state.recorded:
                connection.ask(render_create_ledger())
            if load.load_id not in state.begun:
                begin_load(connection, load)
        total = sum(file.bytes for file in delivery.staged)
        stage_files(delivery.staged, lambda done: self._on_stage(done, total))
        run = LoadRun(
            self._settings,
            load,
            delivery.facts,
            state.known,
            lambda: self._read_rejects(delivery),
        )
        tell = on_progress or (lambda rows: None)
        all_rows = sum(footers.rows)
        try:
            run.commit(run.bring_ahead(plan_attempt, lambda rows: tell(min(rows, all_rows))))
        except WarehouseBusyError:
            raise  # what is staged is used by the next attempt
        except (Exception, KeyboardInterrupt) as error:
            if run.waits_apart:
                run.drop_rows()
            if isinstance(error, DreamboltError):  # the same files will not be asked for again
                with suppress(DreamboltError):
                    self._settle(delivery, failed=True)
            raise
        self.left_out = list(run.left_out)
        rejected = len(self.left_out)
        rows = all_rows - rejected
        tell(rows)
        self._settle(delivery)
        return LoadReceipt(load.table, load.load_id, rows, skipped=False, rejected=rejected)

    def find_state(self, table: str) -> TableState:
        """Ask for a table as it is now; nothing is made."""
        with self._open() as connection:
            return find_state(connection, table)

    def holds_load(self, table: str, load_id: str) -> bool:
        """See `Warehouse.holds_load`."""
        return any(record.load_id == load_id for record in self.find_state(table).held)

    def list_tables(self) -> list[str]:
        """See `Warehouse.list_tables`."""
        with self._open() as connection:
            return list_tables(connection)

    def describe_table(self, table: str) -> TableDescription:
        """See `Warehouse.describe_table`."""
        with self._open() as connection:
            state = find_state(connection, table)
            if state.facts is None:
                there = tell_known(table, list_tables(connection))
                raise UnknownTableError(f"no table {table} in {self.name}; {there}")
            name = quote_table(table)
            rows = count_rows(connection, table)
            vectors = {}
            for column in (c for c, kind in state.facts.columns.items() if is_vector(kind)):
                quoted = quote_identifier(column)
                found = connection.ask(
                    f"SELECT array_length({quoted}) FROM {name} WHERE {quoted} IS NOT NULL LIMIT 1"
                )
                if found:
                    vectors[column] = int(found[0][0])
        return TableDescription(table, dict(state.facts.columns), rows, state.held, vectors)

    def query(self, sql: str, limit: int | None = None) -> pa.Table:
        """See `Warehouse.query`."""
        if not _READING.match(sql):
            raise WarehouseError(
                f"a query only reads {self.name}; begin it with SELECT, WITH, EXPLAIN or SHOW"
            )
        with self._open() as connection:
            names, rows = connection.fetch(sql, limit)
        columns = list(zip(*rows, strict=True)) if rows else [() for _ in names]
        return pa.Table.from_arrays([pa.array(list(column)) for column in columns], names=names)

    @contextmanager
    def open_query(self, sql: str, limit: int | None = None) -> Iterator[pa.RecordBatchReader]:
        """See `Warehouse.open_query`."""
        yield self.query(sql, limit).to_reader()

    def count_query(self, sql: str) -> int:
        """See `Warehouse.count_query`."""
        inner = sql.strip().rstrip(";")
        found = self.query(f"SELECT count(*) FROM ({inner}) AS counted")
        return int(found.column(0)[0].as_py())

    def search(self, table: str, column: str, vector: Sequence[float], k: int) -> pa.Table:
        """See `Warehouse.search`."""
        if not vector or k < 1:
            raise UsageError(
                f"a search needs 1 dimension and 1 row at least, not {len(vector)}, {k}"
            )
        facts = self.find_state(table).facts
        if facts is None:
            raise UnknownTableError(f"no table {table} in {self.name}")
        if column not in facts.columns:
            raise UnknownColumnError(
                f"table {table} has no column {column!r}; {tell_known(column, facts.columns)}"
            )
        shown = [n for n, kind in facts.columns.items() if not is_vector(kind) and n != FILE_COLUMN]
        index = name_vector_index(table, column)
        sql = render_search(
            table, shown, column, vector, k, index=index if index in facts.indexes else None
        )
        return self.query(sql)

    def _open(self) -> FireboltConnection:
        return retry(lambda: open_running(self._settings))

    def _read_rejects(self, delivery: Delivery) -> list[LeftOut]:
        if not self.options.max_errors_per_file or delivery.errors is None:
            return []
        return read_rejects(delivery.errors)

    def _settle(self, delivery: Delivery, *, failed: bool = False) -> None:
        """Do with what was staged as the options say; `gc` finds what a load that was made has told
        of, and nothing else."""
        keep = self.options.staged == "keep" or (self.options.staged == "gc" and not failed)
        self.staged = delivery.folder if keep else None
        if delivery.folder and not keep:
            delete_staged(delivery.folder)
        if self.options.max_errors_per_file and delivery.errors and self.options.staged != "keep":
            delete_staged(delivery.errors)
