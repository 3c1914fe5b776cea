"""A planned load carried out: rows counted, keys checked, committed once or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from secrets import token_hex
from typing import Any

from dreambolt_steps.errors import WarehouseBusyError, WarehouseError
from dreambolt_steps.warehouses.firebolt.catalog import find_known, find_tables
from dreambolt_steps.warehouses.firebolt.check import open_running
from dreambolt_steps.warehouses.firebolt.connection import (
    ATTEMPTS,
    LONG,
    FireboltConnection,
    pause_before,
    retry,
)
from dreambolt_steps.warehouses.firebolt.rejects import LeftOut
from dreambolt_steps.warehouses.firebolt.settings import FireboltSettings
from dreambolt_steps.warehouses.firebolt.sql.ledger import render_record
from dreambolt_steps.warehouses.firebolt.sql.names import quote_table
from dreambolt_steps.warehouses.firebolt.sql.plan import LoadPlan
from dreambolt_steps.warehouses.firebolt.sql.table import FileFacts, Step, name_rows_table
from dreambolt_steps.warehouses.load import Load, LoadRecord, refuse_count, refuse_key
from dreambolt_steps.warehouses.ownership import is_own
from dreambolt_steps.warehouses.statement import Statement

Rejects = Callable[[], Sequence[LeftOut]]


class LoadRun:
    """Carries out the statements of one load.

    Args:
        settings: where to.
        load: what is asked for.
        files: what has to be there afterwards.
        known: what the ledger said of the table when the load was planned.
        find_rejects: rows that were left out; asked when fewer came than the files hold.
    """

    def __init__(
        self,
        settings: FireboltSettings,
        load: Load,
        files: FileFacts,
        known: Sequence[LoadRecord],
        find_rejects: Rejects = tuple,
    ) -> None:
        self._settings = settings
        self._load = load
        self._files = files
        self._known = known
        self._find_rejects = find_rejects
        self._before: dict[Any, int] = {}
        self.left_out: Sequence[LeftOut] = ()
        self.waits_apart = False  # whether rows are in a table of their own

    def bring_ahead(
        self, plan_attempt: Callable[[str], LoadPlan], on_rows: Callable[[int], None]
    ) -> LoadPlan:
        """Bring the rows into a table of their own, by statements that go on without a connection.

        All of it may be done again, with a new table: a statement whose token was lost on its way
        back goes on writing into that of its attempt.

        Args:
            plan_attempt: lists the statements of an attempt, told its name.
            on_rows: called every second with the number of rows that Firebolt has read so far.

        Returns: the plan of the attempt that was carried out.
        """

        def bring() -> LoadPlan:
            plan = plan_attempt(token_hex(4))
            if not plan.ahead:
                return plan
            self.drop_rows()
            self.waits_apart = True
            with retry(lambda: open_running(self._settings)) as connection:
                brought = 0
                for step in plan.ahead:
                    if step.kind == "bring" and step.upload is None:
                        brought = connection.wait(connection.start(step.sql), brought, on_rows)
                    else:
                        self._do(connection, step)
            return plan

        return retry(bring)

    def commit(self, plan: LoadPlan) -> None:
        """Carry out the transaction of a load, until it is committed.

        A connection that breaks leaves nothing behind, but for COMMIT, of which nobody knows then
        whether it was carried out. So each attempt begins by asking the ledger; and if the server
        takes its time over the first COMMIT, only one of the two can win: both change one row.

        Raises:
            WarehouseBusyError: it did not work out in several attempts.
            WarehouseError, SchemaError: something is wrong with the load; nothing was changed.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with open_running(self._settings, transacting=True) as connection:
                    known = find_known(connection, self._load.table)
                    if not connection.in_transaction:
                        # firebolt-sdk 1.18.6 does not look at the answer to BEGIN, and would send
                        # the next statements on their own
                        raise WarehouseBusyError(f"{self._settings.name} opened no transaction")
                    if self._is_new(known):
                        return
                    self._check_meanwhile(known)
                    for step in plan.inside:
                        self._do(connection, step)
                    connection.send("COMMIT", LONG)
                    return
            except WarehouseBusyError as error:
                if attempt == ATTEMPTS:
                    raise WarehouseBusyError(
                        f"{error}; table {self._load.table} holds the load or nothing of it, which"
                        " the same command finds out"
                    ) from error
                pause_before(attempt + 1)
            except WarehouseError:
                with suppress(WarehouseBusyError):
                    if self._is_made():  # by another process, which deleted what was staged
                        return
                raise

    def _is_new(self, known: Sequence[LoadRecord]) -> bool:
        new = [record for record in known if record not in self._known]
        return any(record.load_id == self._load.load_id for record in new)

    def _check_meanwhile(self, known: Sequence[LoadRecord]) -> None:
        """Refuse to replace what another session has loaded since this load was planned."""
        new = [record for record in known if record not in self._known]
        if self._load.mode == "refresh" and not all(is_own(self._load, one) for one in new):
            raise WarehouseError(
                f"another session has loaded table {self._load.table} in {self._settings.name}"
                " meanwhile; nothing of it was replaced"
            )

    def _is_made(self) -> bool:
        with retry(lambda: open_running(self._settings)) as connection:
            return self._is_new(find_known(connection, self._load.table))

    def drop_rows(self) -> None:
        """Drop the tables that rows waited in, after attempts that failed or were killed."""
        with retry(lambda: open_running(self._settings)) as connection:
            for table in find_tables(connection, name_rows_table(self._load)):
                connection.ask(f"DROP TABLE IF EXISTS {quote_table(table)}")

    def _do(self, connection: FireboltConnection, step: Step) -> None:
        if step.upload is not None:
            connection.upload(step.sql.reveal(), *step.upload)
            return
        sql = step.sql
        if step.kind == "write" and self.left_out:
            files = self._files
            came = sum(files.rows.values()) - len(self.left_out)
            sql = Statement((render_record(self._load, came, list(files.rows), files.metadata),))
        rows = connection.send(sql, LONG)
        if step.kind == "before":
            self._before = _read_counts(rows)
        elif step.kind == "after":
            self._check_counts(_read_counts(rows))
        elif step.kind == "key" and rows:
            *values, count = rows[0]
            raise refuse_key(self._load.table, self._load.key, values, count)
        elif step.kind == "record" and not rows[0][0]:
            raise WarehouseError(
                f"the record of this load of table {self._load.table} was deleted meanwhile;"
                " nothing was loaded; run again"
            )

    def _check_counts(self, after: dict[Any, int]) -> None:
        """Compare the rows that came in with those of the files: for each, or altogether."""
        came = {name: count - self._before.get(name, 0) for name, count in after.items()}
        self._before = {}
        files = self._files.rows
        whole: dict[Any, int] = {None: sum(files.values())} if None in came else dict(files)
        if all(came.get(name, 0) == count for name, count in whole.items()):
            self.left_out = ()
            return
        self.left_out = self._find_rejects()
        gone: Counter[Any] = Counter(None if None in came else row.file for row in self.left_out)
        for name, count in whole.items():
            if came.get(name, 0) != count - gone[name]:
                what = "files" if name is None else f"file {name}"
                reasons = [row.reason for row in self.left_out if name in (None, row.file)]
                raise refuse_count(self._load.table, came.get(name, 0), count, what, reasons)


def _read_counts(rows: Sequence[Sequence[Any]]) -> dict[Any, int]:
    """Counts by file, or one count under None."""
    return {row[0] if len(row) > 1 else None: int(row[-1]) for row in rows}
