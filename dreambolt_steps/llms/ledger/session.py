"""Where the ledger of the running session is."""

from __future__ import annotations

from pathlib import Path

from dreambolt_steps.llms.ledger.store import FILE, CallLedger


def open_session_ledger(folder: str | Path | None = None) -> CallLedger:
    """The ledger of the DataDreamer session that is open; in memory if it is, or if there is none.

    Args:
        folder: where to keep it instead.
    """
    from datadreamer import DataDreamer

    if folder is not None:
        return CallLedger(Path(folder) / FILE)
    if DataDreamer.initialized() and not DataDreamer.is_running_in_memory():
        return CallLedger(Path(DataDreamer.get_output_folder_path()) / ".cache" / FILE)
    return CallLedger()
