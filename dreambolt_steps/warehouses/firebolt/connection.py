"""Connections to Firebolt through firebolt-sdk: always closed, retried only where that is safe."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dreambolt_steps.errors import WarehouseBusyError
from dreambolt_steps.warehouses.firebolt.errors import explain
from dreambolt_steps.warehouses.firebolt.settings import FireboltSettings
from dreambolt_steps.warehouses.statement import Statement

ATTEMPTS = 5
FIRST_PAUSE = 0.25  # seconds; doubled each time, and up to half of it again by chance
SHORT, LONG = 60.0, 6 * 3600.0  # seconds that a question, or bringing rows in, may take
POLL = 1.0
Result = TypeVar("Result")


class FireboltConnection:
    """A connection that sends one statement a request, as it stands.

    Args:
        settings: where to.
        transacting: statements belong to a transaction, which begins with the first of them.
        engine: use the engine of the settings; without it the managed service answers questions on
            engines, whether or not one runs.
    """

    def __init__(
        self, settings: FireboltSettings, *, transacting: bool = False, engine: bool = True
    ) -> None:
        self._settings = settings
        self._transacting = transacting
        self._status: int | None = None
        # firebolt-sdk 1.18.6 walks the whole stack twice for its user agent, which takes 0.2 s
        # where many modules are loaded; the stack of a thread is short
        with self._explain(None), ThreadPoolExecutor(1) as short:
            connecting = partial(_connect, settings, transacting=transacting, engine=engine)
            self._connection = short.submit(connecting).result()
        # firebolt-sdk 1.18.6 drops the status of answers in plain text, such as those of a proxy
        self._connection._client.event_hooks = {"response": [self._remember_status]}

    def __enter__(self) -> FireboltConnection:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it, and roll an open transaction back."""
        with suppress(Exception):  # what could not be rolled back ends with the connection
            if self._connection.in_transaction:
                self._connection.rollback()
        self._connection._transaction_id = None  # else close() tries the same again
        self._connection.close()

    @property
    def in_transaction(self) -> bool:
        """Whether the server has opened a transaction for this connection."""
        return bool(self._connection.in_transaction)

    def send(self, sql: str | Statement, seconds: float = SHORT) -> list[list[Any]]:
        """Send one statement, once.

        Args:
            sql: as it stands; nothing is parsed or filled in but secrets.
            seconds: how long it may take.

        Returns: its rows; none for a statement without.

        Raises:
            ConnectionLostError: nobody knows whether it was carried out.
            WarehouseBusyError: it was not carried out, and trying again may help.
            WarehouseError, CredentialError: it was refused.
        """
        statement = _as_statement(sql)
        self._status = None
        with self._explain(statement):
            cursor = self._connection.cursor()
            cursor.execute(statement.reveal(), skip_parsing=True, timeout_seconds=seconds)
            return cursor.fetchall() if cursor.description else []

    def ask(self, sql: str | Statement) -> list[list[Any]]:
        """Send a statement that may be carried out more than once: a question, or one with IF
        EXISTS. Transient failures are retried, unless it is part of a transaction: that counts its
        statements, and has to begin anew."""
        if self._transacting:
            return self.send(sql)
        return retry(lambda: self.send(sql))

    def fetch(self, sql: str, limit: int | None = None) -> tuple[list[str], list[list[Any]]]:
        """Send a query once. Returns: its columns' names, and its rows, `limit` at most."""
        self._status = None
        with self._explain(Statement((sql,))):
            cursor = self._connection.cursor()
            cursor.execute(sql, skip_parsing=True, timeout_seconds=LONG)
            names = [str(column.name) for column in cursor.description or []]
            if not names:
                return [], []
            return names, cursor.fetchall() if limit is None else cursor.fetchmany(limit)

    def start(self, sql: str | Statement) -> str:
        """Start a statement that goes on without a connection. Returns: its token."""
        statement = _as_statement(sql)
        with self._explain(statement):
            cursor = self._connection.cursor()
            cursor.execute_async(statement.reveal(), skip_parsing=True)
            return str(cursor.async_query_token)

    def wait(self, token: str, before: int, on_rows: Callable[[int], None]) -> int:
        """Wait for a statement that was started; cancelled if this is interrupted.

        Args:
            token: of the statement.
            before: rows that other statements have read before it.
            on_rows: called with that number and the rows this one has read so far, at every look.

        Returns: both numbers together.

        Raises:
            WarehouseError: it failed; the reason is the server's.
        """
        pause = 0.05
        try:
            while True:
                [info] = retry(lambda: self._find_async(token))
                rows = before + int(info.scanned_rows or 0)
                on_rows(rows)
                if info.status not in ("RUNNING", "SUSPENDED", "ENQUEUED"):
                    break
                time.sleep(pause)
                pause = min(POLL, pause * 2)
        except KeyboardInterrupt:
            with suppress(Exception):  # what can't be cancelled writes into a table of its own
                self._connection.cancel_async_query(token)
            raise
        if info.status != "ENDED_SUCCESSFULLY":
            raise explain(RuntimeError(info.error_message or info.status), self._settings)
        return rows

    def _find_async(self, token: str) -> list[Any]:
        self._status = None
        with self._explain(None):
            return list(self._connection.get_async_query_info(token))

    def upload(self, sql: str, part: str, path: Path) -> None:
        """Send a statement together with the file that it names as `upload://part`."""
        from firebolt.common.row_set.synchronous.in_memory import InMemoryRowSet

        connection = self._connection
        cursor = connection.cursor()
        with self._explain(Statement((sql,))), path.open("rb") as file:
            request = connection._client.build_request(  # the SDK itself uploads no files
                "POST",
                connection.engine_url,
                params={**cursor.parameters, **cursor._set_parameters},
                files={"sql": (None, sql), part: (path.name, file, "application/octet-stream")},
                timeout=LONG,
            )
            response = connection._execute_query(request)
            cursor._raise_if_error(response)
            InMemoryRowSet().append_response(response)  # raises for errors in a 200

    def _remember_status(self, response: Any) -> None:
        self._status = response.status_code

    @contextmanager
    def _explain(self, statement: Statement | None) -> Iterator[None]:
        import httpx
        from firebolt.utils.exception import FireboltError

        try:
            yield
        except (FireboltError, httpx.HTTPError) as error:
            # not as its cause: a server may repeat a statement, credentials and all
            raise explain(error, self._settings, statement, self._status) from None


def retry(work: Callable[[], Result]) -> Result:
    """Do what may be done more than once, again after transient failures, with growing pauses."""
    for attempt in range(1, ATTEMPTS):
        try:
            return work()
        except WarehouseBusyError:
            pause_before(attempt + 1)
    return work()


def pause_before(attempt: int) -> None:
    """Wait before the second attempt at something, and longer before each one after it."""
    time.sleep(FIRST_PAUSE * 2 ** (attempt - 2) * (1 + random.random() / 2))


def _as_statement(sql: str | Statement) -> Statement:
    return sql if isinstance(sql, Statement) else Statement((sql,))


def _connect(settings: FireboltSettings, *, transacting: bool, engine: bool) -> Any:
    from firebolt.client.auth import ClientCredentials, FireboltCore
    from firebolt.db import connect

    # At DEBUG the SDK logs statements, and knows credentials in them only by two words.
    logging.getLogger("firebolt.common.cursor.base_cursor").setLevel(logging.INFO)
    if settings.core_url:
        return connect(
            auth=FireboltCore(),
            url=settings.core_url,
            database=settings.database,
            disable_cache=True,
            autocommit=not transacting,
        )
    assert settings.client_id is not None
    assert settings.client_secret is not None
    auth = ClientCredentials(
        settings.client_id.value, settings.client_secret.value, use_token_cache=False
    )
    return connect(
        auth=auth,
        account_name=settings.account,
        database=settings.database,
        engine_name=settings.engine if engine else None,
        api_endpoint=settings.api_endpoint,
        disable_cache=True,
        autocommit=not transacting,
    )
