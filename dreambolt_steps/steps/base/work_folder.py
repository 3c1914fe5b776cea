"""A step's own folder for what it needs while it runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from dreambolt_steps.steps.base.table_step import TableStep


class WorkFolder:
    """An empty folder for the time of a `with` block: below the step's own, or a temporary one
    while DataDreamer runs in memory.

    Args:
        step: the step.
        name: of the folder.
    """

    def __init__(self, step: TableStep, name: str) -> None:
        self._temporary: TemporaryDirectory[str] | None = None
        self._folder: Path | None = None
        if step.folder is not None:
            self._folder = Path(step.get_run_output_folder_path()) / name

    def __enter__(self) -> Path:
        if self._folder is None:
            self._temporary = TemporaryDirectory(prefix="dreambolt-")
            return Path(self._temporary.name)
        shutil.rmtree(self._folder, ignore_errors=True)  # a killed run leaves its own
        self._folder.mkdir(parents=True)
        return self._folder

    def __exit__(self, *_error: object) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()
        elif self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
