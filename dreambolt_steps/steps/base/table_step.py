"""What every step of this package shares: an Arrow table in, an Arrow table out, honest caching."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from datadreamer import DataDreamer
from datadreamer.steps import Step
from datadreamer.steps.step_operations import _INTERNAL_STEP_OPERATION_KEY
from datasets import Dataset
from datasets.fingerprint import Hasher
from filelock import FileLock

from dreambolt_steps.arguments.argument import list_arguments
from dreambolt_steps.dry_run import current_rehearsal, is_preview
from dreambolt_steps.findings.rejected_rows import REASONS_KEY
from dreambolt_steps.log import Receipt, current_reporter
from dreambolt_steps.session import step_cache
from dreambolt_steps.session.package_versions import remember_versions
from dreambolt_steps.session.stored_dataset import StoredDataset
from dreambolt_steps.steps.base.input_table import InputTable
from dreambolt_steps.steps.base.reject_limit import check_half, current_limit
from dreambolt_steps.steps.base.step_class import StepClass
from dreambolt_steps.steps.base.table_views import TableViews
from dreambolt_steps.tables.arrow_stream import write_stream
from dreambolt_steps.tables.rejects.reasons import count_reasons
from dreambolt_steps.tables.rejects.schema import count_rejected
from dreambolt_steps.tables.table_spool import TableSpool

TABLE_FILE = ".table.arrow"
ArgsT = TypeVar("ArgsT", bound=Mapping[str, Any])


class TableStep(TableViews, Step, Generic[ArgsT], metaclass=StepClass):
    """A DataDreamer step whose columns are those of the table it returns.

    A subclass declares its args in a `TypedDict` that it names `Args` (`arguments/argument.py`),
    or registers them in `setup()`, and returns `self.store(reader)` from `run()`. It may say what
    else its result depends on (`identify_content`) and which effects outside the session belong to
    it (`find_missing_effects`).

    DataDreamer 0.46.0 checks declared inputs and outputs of a step, except for a class with the
    attribute `_INTERNAL_STEP_OPERATION_KEY`, which its own data sources carry: that makes columns
    dynamic.
    """

    receipt: Receipt

    if TYPE_CHECKING:

        def __init__(
            self,
            name: str,
            inputs: Mapping[str, Any] | None = None,
            args: ArgsT | dict[str, Any] | None = None,
            outputs: dict[str, str] | None = None,
            progress_interval: int | None = 60,
            force: bool = False,
            verbose: bool | None = None,
            log_level: int | None = None,
            save_num_proc: int | None = None,
            save_num_shards: int | None = None,
            background: bool = False,
        ) -> None:
            """As DataDreamer's, which no class may override while it runs."""

    def setup(self) -> None:
        """Register the args that the class declares."""
        for one in list_arguments(self.Args):
            self.register_arg(
                one.name,
                required=one.required,
                default=one.default,
                help=one.help,
                default_help=one.default_help,
            )

    def identify_content(self) -> object:
        """What the result depends on besides args and upstream steps, such as the content of
        source files.

        Returns: anything that can be hashed by content (text, numbers, lists, dicts).
        """
        return None

    def find_missing_effects(self) -> list[str]:
        """Effects of the finished step that are gone, such as a deleted export; empty when all
        stand."""
        return []

    def plan_effect(self) -> Dataset | None:
        """What the step would hand on in a rehearsal, where it must not act; None for a pure step,
        which just runs."""
        return None

    def conclude(self) -> None:
        """Called when the step has its result, run or resumed, before its receipt is kept and
        told."""

    @cached_property
    def fingerprint(self) -> str:
        """DataDreamer's fingerprint of the step, and the identity of the content behind it."""
        return self.fingerprint_content(self.identify_content())

    def fingerprint_content(self, content: object) -> str:
        """The fingerprint that the step would have if `content` were behind it."""
        stock = str(Step.fingerprint.func(self))  # super() would put it in place of ours
        return stock if content is None else str(Hasher.hash([stock, content]))

    def holds_result(self, content: object) -> bool:
        """Whether the session holds the finished result for a content, the current one or one
        that was set aside."""
        session = self.find_session_folder()
        wanted = self.fingerprint_content(content)
        return session is not None and step_cache.holds_step(session, self.folder_name, wanted)

    @cached_property
    def table(self) -> InputTable:
        """The upstream table."""
        return InputTable(self.inputs)

    @property
    def folder(self) -> Path | None:
        """The step's folder in the session; None while DataDreamer runs in memory."""
        return Path(self._output_folder_path) if self._output_folder_path else None

    def store(self, reader: pa.RecordBatchReader, total: int | None = None) -> Dataset:
        """Write the step's table to its folder, batch by batch, and count the rows in the receipt.

        Args:
            reader: the table.
            total: its number of rows, if known, for the progress bar.

        Returns: what `run()` returns; a memory-mapped Dataset, or one in memory if the session is.
        """
        if self.folder is None:
            table = reader.read_all()
            self.receipt.rows_out = table.num_rows
            return Dataset(table)
        path = self.folder / TABLE_FILE
        self.receipt.rows_out = write_stream(reader, path, lambda rows: self.advance(rows, total))
        stored = StoredDataset.from_file(str(path))
        # A process may be killed once DataDreamer has written step.json: the receipt comes first.
        stored.before_saved = partial(step_cache.write_receipt, self.folder, self.receipt)
        return stored

    def keep_rejects(self, rejects: pa.Table | TableSpool, *, count: bool = True) -> None:
        """Write rejects, if there are any, beside the step's result.

        Args:
            rejects: in `REJECT_SCHEMA` or `PLACED_SCHEMA`.
            count: whether they are rows that came in, so that they count in the receipt.
        """
        if count:
            self.receipt.rows_rejected, self.receipt.values_discarded = count_rejected(rejects)
        if not rejects.num_rows:
            return
        if count:
            self.receipt.report[REASONS_KEY] = count_reasons(rejects)
        if isinstance(rejects, pa.Table):
            kept, rejects = rejects, TableSpool(rejects.schema)
            rejects.add(kept)
        if self.folder is None:
            self._rejects_in_memory = rejects.read_all()
            return
        path = self.folder / "rejects.parquet"
        with pq.ParquetWriter(path, rejects.schema, compression="zstd") as writer:
            for group in rejects.group_rows():
                writer.write_table(group)
        self.receipt.rejects = str(path)

    def find_session_folder(self) -> Path | None:
        """The session's folder; None while DataDreamer runs in memory."""
        if DataDreamer.is_running_in_memory():
            return None
        return Path(DataDreamer.get_output_folder_path())

    @property
    def folder_name(self) -> str:
        """The step's folder below that of the session."""
        from datadreamer.utils.fs_utils import safe_fn

        return str(safe_fn(self.name, allow_slashes=True, to_lower=True))

    def advance(self, done: int, total: int | None = None, unit: str = "rows") -> None:
        """Tell how far the step is: `done` of `total` units."""
        current_reporter().advance_step(self.name, done, total, unit)

    def _Step__setup_folder_and_resume(self) -> None:
        """Heal and prepare the step's folder, run or resume it, and write the receipt.

        Overrides a private method of DataDreamer 0.46.0, its last release: the only place between
        the checks of inputs and the look into the cache. The lock is per step and outside the
        step's folder, which is renamed when it is superseded.
        """
        self.receipt = Receipt(step=self.name, kind=type(self).__name__)
        current_reporter().start_step(self.name, self.receipt.kind)
        started = time.monotonic()
        planned = self.plan_effect() if current_rehearsal() else None
        if planned is not None:
            self._set_output(planned)
            self._finish()
            return
        if DataDreamer.is_running_in_memory():
            super()._Step__setup_folder_and_resume()
            self.receipt.seconds = time.monotonic() - started
            self._finish()
            return
        session = Path(DataDreamer.get_output_folder_path())
        folder = session / self.folder_name
        with FileLock(step_cache.find_lock(session, folder)):
            step_cache.prepare_step(session, folder, self.fingerprint, force=self.force)
            self._forget_missing_effects(folder)
            super()._Step__setup_folder_and_resume()
            self._settle_receipt(folder, time.monotonic() - started)
        self._finish()

    def _finish(self) -> None:
        """Tell what the step did, and stop the run if it has rejected too many rows."""
        current_reporter().finish_step(self.receipt)
        limit = current_limit()
        if limit is not None:
            limit.include(self.receipt)
        elif not is_preview():  # which shows what is rejected
            check_half(self)

    def _forget_missing_effects(self, folder: Path) -> None:
        """Make a finished step run again when what it left outside the session is gone."""
        kept = step_cache.read_receipt(folder)
        if step_cache.read_step_file(folder) is None:
            return
        self.receipt = kept or self.receipt
        missing = self.find_missing_effects()
        if missing:
            current_reporter().say(f"{self.name}: {missing[0]}; it is made again")
            (folder / step_cache.STEP_FILE).unlink()
            step_cache.heal_step(folder)
            self.receipt = Receipt(step=self.name, kind=type(self).__name__)

    def _settle_receipt(self, folder: Path, seconds: float) -> None:
        if self._resumed:
            self.receipt.resumed = True
            self.receipt.rows_out = self.receipt.rows_out or len(self.output)
            self.conclude()
            return
        self.receipt.seconds = seconds
        self.conclude()
        step_cache.write_receipt(folder, self.receipt)


setattr(TableStep, _INTERNAL_STEP_OPERATION_KEY, True)
remember_versions()
