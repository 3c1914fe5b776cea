# ruff: noqa: S608 (texts go through quote_text)
"""Whether everything that a load into Firebolt needs is there, asked before work starts."""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from dreambolt_steps.errors import (
    CredentialError,
    DreamboltError,
    WarehouseBusyError,
    WarehouseError,
)
from dreambolt_steps.warehouses.firebolt.connection import POLL, FireboltConnection, retry
from dreambolt_steps.warehouses.firebolt.errors import EngineStoppedError
from dreambolt_steps.warehouses.firebolt.settings import (
    SCHEME,
    FireboltSettings,
    read_settings,
)
from dreambolt_steps.warehouses.firebolt.sql.copy import render_copy
from dreambolt_steps.warehouses.firebolt.sql.names import render_create_table
from dreambolt_steps.warehouses.s3_staging.bucket import delete_staged, put_small, split_url
from dreambolt_steps.warehouses.sql import quote_identifier
from dreambolt_steps.warehouses.statement import quote_text

_ENGINE_SECONDS = 600.0


@dataclass(frozen=True)
class Check:
    """One thing that a load needs: `problem` is None if it is there."""

    name: str
    told: str
    problem: DreamboltError | None = None


def check_firebolt(
    target: str = SCHEME, staging: str | None = None, *, upload: bool = False
) -> None:
    """See that a load can be made, before work starts: reachable, authorised, engine running (it is
    started and waited for), database there, writable, and the engine reads what is staged.

    Call it first in a recipe. Nothing is left behind.

    Args:
        target: firebolt://, firebolt://DATABASE or firebolt://DATABASE/ENGINE.
        staging: s3://bucket/prefix/; None: FIREBOLT_STAGING.
        upload: no staging is needed, since files will be sent along, or are on S3 already.

    Raises:
        CredentialError, WarehouseError, WarehouseBusyError: the first thing that is missing.

    Example:
        check_firebolt("firebolt://lake")
    """
    settings = read_settings(target)
    place = None if upload else staging or settings.staging
    if not upload and place is None:
        raise CredentialError(
            "Firebolt: FIREBOLT_STAGING not set; set it to s3://bucket/prefix/, where files are"
            " staged"
        )
    for check in run_checks(settings, place, start=True):
        if check.problem:
            raise check.problem


def run_checks(
    settings: FireboltSettings, staging: str | None, *, start: bool = False
) -> Iterator[Check]:
    """Run the checks one by one, up to the first that fails.

    Args:
        settings: where Firebolt is.
        staging: where files are staged; None: that is not checked.
        start: start an engine that does not run.
    """
    checks: list[tuple[str, Callable[[], str]]] = [
        ("engine", partial(find_engine, settings, start=start)),
        ("database", partial(_check_database, settings)),
        ("may write", partial(_check_writing, settings)),
    ]
    if staging:
        checks.append(("staging", partial(_check_staging, settings, staging)))
    for name, check in checks:
        try:
            yield Check(name, retry(check))
        except DreamboltError as error:
            yield Check(name, str(error), error)
            return


def find_engine(settings: FireboltSettings, *, start: bool = False) -> str:
    """See that the engine runs; Firebolt Core is its own engine.

    Args:
        settings: where Firebolt is.
        start: start it if it does not, and wait.

    Returns: what was found, for people.

    Raises:
        WarehouseError: there is no such engine, or it does not run and is not to be started.
        WarehouseBusyError: it does not start within ten minutes.
    """
    if settings.core_url:
        return f"Firebolt Core at {settings.core_url}"
    engine = settings.engine or ""
    asked = False
    with retry(lambda: FireboltConnection(settings, engine=False)) as system:
        begun = time.monotonic()
        while True:
            found = system.ask(
                "SELECT status FROM information_schema.engines WHERE engine_name ="
                f" {quote_text(engine)}"
            )
            if not found:
                raise WarehouseError(
                    f"{settings.name}: there is no engine {engine!r}; check FIREBOLT_ENGINE"
                )
            status = str(found[0][0]).upper().removeprefix("ENGINE_STATE_")
            if status == "RUNNING":
                return f"{engine} {'was started' if asked else 'is running'}"
            if not start:
                raise WarehouseError(
                    f"{settings.name}: engine {engine!r} is {status.lower()}; a load starts it"
                )
            if not asked and status not in ("STARTING", "RESUMING", "RESIZING"):
                system.ask(f"START ENGINE {quote_identifier(engine)}")
            asked = True
            if time.monotonic() - begun > _ENGINE_SECONDS:
                raise WarehouseBusyError(f"{settings.name}: the engine is still {status.lower()}")
            time.sleep(POLL)


def open_running(settings: FireboltSettings, *, transacting: bool = False) -> FireboltConnection:
    """Connect; an engine that does not run, or stopped meanwhile, is started and waited for.

    Raises: as `FireboltConnection` and `find_engine`.
    """
    try:
        return FireboltConnection(settings, transacting=transacting)
    except EngineStoppedError:
        find_engine(settings, start=True)
        return FireboltConnection(settings, transacting=transacting)


def _check_database(settings: FireboltSettings) -> str:
    with retry(lambda: FireboltConnection(settings)) as connection:
        connection.ask("SELECT 1")
    return f"{settings.database} is there"


def _check_writing(settings: FireboltSettings) -> str:
    """Make a table in a transaction that is rolled back."""
    name = f"_dreambolt_check_{secrets.token_hex(8)}"
    with FireboltConnection(settings, transacting=True) as connection:
        connection.ask("SELECT 1")
        if not connection.in_transaction:
            raise WarehouseBusyError(f"{settings.name} opened no transaction; run again")
        connection.send(render_create_table(name, {"a": "BIGINT"}))
    return "yes"


def _check_staging(settings: FireboltSettings, staging: str) -> str:
    """Stage one row, and let the engine copy it into a table of a transaction that is rolled
    back."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = f"_dreambolt_check_{secrets.token_hex(8)}"
    folder = f"{staging.rstrip('/')}/{name}/"
    file = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), file)
    put_small(f"{folder}part.00000.parquet", file.getvalue())
    try:
        with FireboltConnection(settings, transacting=True) as connection:
            connection.ask("SELECT 1")
            if not connection.in_transaction:
                raise WarehouseBusyError(f"{settings.name} opened no transaction; run again")
            connection.send(render_create_table(name, {"a": "BIGINT"}))
            connection.send(render_copy(name, ["a"], folder, settings.access))
    finally:
        delete_staged(folder)
    return f"the engine reads s3://{split_url(staging)[0]}"
