"""A load into Firebolt, decided on before a byte moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from dreambolt_steps.arguments.warehouse import Staged
from dreambolt_steps.errors import UsageError
from dreambolt_steps.unknown_names import tell_known
from dreambolt_steps.warehouses.firebolt.catalog import TableState
from dreambolt_steps.warehouses.firebolt.files import (
    Delivery,
    check_errors,
    check_not_null,
    plan_delivery,
    render_deliveries,
)
from dreambolt_steps.warehouses.firebolt.settings import FireboltSettings, read_staging
from dreambolt_steps.warehouses.firebolt.sql.names import TableLayout
from dreambolt_steps.warehouses.firebolt.sql.plan import LoadPlan, plan_load
from dreambolt_steps.warehouses.firebolt.sql.table import Step, find_attached
from dreambolt_steps.warehouses.load import Load, check_follows, check_key, refuse_existing
from dreambolt_steps.warehouses.ownership import check_owned, tell_replacement
from dreambolt_steps.warehouses.parquet_files import ParquetFiles

PlanAttempt = Callable[[str], LoadPlan]
STAGED: tuple[str, ...] = get_args(Staged)
APART_BYTES = 4 * 2**30  # files of so many bytes are brought in without a connection


@dataclass(frozen=True)
class FireboltOptions:
    """How files get into Firebolt.

    Args:
        staging: s3://bucket/prefix/ to stage below; None: FIREBOLT_STAGING.
        staged: what becomes of staged files after the load: delete, keep, or gc (deleted by
            `dreambolt session gc`).
        upload: send the files along with the statements, without S3 (Firebolt Core only).
        apart: bring rows into a table of their own first, by a statement that goes on without a
            connection; None: for files of 4 GiB and more.
        max_errors_per_file: rows of one file that may be left out.
        layout: of a table that is made.
        fingerprints: of the files' content, where they are known.
    """

    staging: str | None = None
    staged: str = "delete"
    upload: bool = False
    apart: bool | None = None
    max_errors_per_file: int = 0
    layout: TableLayout = field(default_factory=TableLayout)
    fingerprints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.staged not in STAGED:
            raise UsageError(f"staged {self.staged!r} is none; {tell_known(self.staged, STAGED)}")
        if self.max_errors_per_file < 0:
            raise UsageError("max_errors_per_file has to be 0 or more")


def prepare_layout(args: Mapping[str, Any]) -> TableLayout:
    """The layout of a new table, from args of the same names."""
    return TableLayout(
        primary_index=tuple(args["primary_index"]),
        partition_by=tuple(args["partition_by"]),
        table_type=args["table_type"],
        vector_index=tuple(args["vector_index"]),
        descriptions=args["descriptions"],
    )


def find_delivery(
    load: Load, files: ParquetFiles, settings: FireboltSettings, options: FireboltOptions
) -> Delivery:
    """How the files of a load get there, as `plan_delivery` says, by the options."""
    return plan_delivery(
        load,
        files,
        settings,
        staging=read_staging(options.staging) if options.staging else settings.staging,
        upload=options.upload,
        fingerprints=options.fingerprints,
    )


def prepare_load(
    load: Load,
    files: ParquetFiles,
    state: TableState,
    settings: FireboltSettings,
    options: FireboltOptions,
) -> tuple[Delivery, PlanAttempt]:
    """Decide how the files of a load get there, and on every statement.

    Args:
        load: what is asked for.
        files: their footers.
        state: the table as it is now.
        settings: where Firebolt is.
        options: how files get there.

    Returns: the delivery, and a function that lists the statements of an attempt, told its name.
    Raises:
        SchemaError: files and table do not fit.
        WarehouseError: mode create, and the table is there; new rows only, without the ones before.
        CredentialError: nothing says where to stage.
    """
    check_key(load, files.schema.names)
    check_follows(load, list(state.held), files.metadata)
    if state.facts is not None and load.mode == "create":
        raise refuse_existing(load.table, settings.name)
    holdings = state.find_holdings()
    if holdings is not None:
        check_owned(load, holdings, settings.name)
    layout = options.layout.describe(files.schema)
    check_not_null(load, files, [*load.key, *layout.primary_index, *layout.partition_by])
    delivery = find_delivery(load, files, settings, options)
    if options.max_errors_per_file:
        check_errors(delivery, settings)
    apart = options.apart
    if apart is None:
        apart = not delivery.paths and sum(files.bytes) >= APART_BYTES

    def deliver(table: str, tracks: bool) -> Sequence[Step]:
        errors = options.max_errors_per_file
        return render_deliveries(delivery, settings, table, tracks=tracks, max_errors=errors)

    def plan_attempt(attempt: str) -> LoadPlan:
        return plan_load(
            load,
            delivery.facts,
            state.facts,
            deliver,
            layout=layout,
            apart=apart,
            attempt=attempt,
        )

    plan_attempt("")  # raises what there is to raise
    return delivery, plan_attempt


def tell_losses(
    load: Load, delivery: Delivery, state: TableState, options: FireboltOptions
) -> list[str]:
    """Sentences on what goes for good when a load replaces its table; none in other modes."""
    holdings = state.find_holdings()
    if holdings is None or state.facts is None or not load.replaces:
        return []
    attached = find_attached(load, delivery.facts, state.facts, options.layout)
    return tell_replacement(load, holdings, delivery.facts.columns, attached)
