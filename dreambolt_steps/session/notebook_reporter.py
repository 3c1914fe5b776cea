"""Steps in a notebook: one area below the cell, with a line a step and a bar for the one that
runs."""

from __future__ import annotations

import time
from html import escape
from pathlib import Path
from typing import Any

from dreambolt_steps.report.page import REPORT_FILE
from dreambolt_steps.secret_text import hide_passwords
from dreambolt_steps.session.watch_session import ScriptReporter, describe_session

_SECONDS_BETWEEN = 0.2


class NotebookReporter(ScriptReporter):
    """Shows lines and a bar in the output of the cell, which is replaced as the steps go on."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self._lines: list[str] = []
        self._bar = ""
        self._shown: Any = None
        self._told = 0.0

    def start_step(self, step: str, kind: str) -> None:
        self._bar = f"<progress></progress> {escape(step)}"
        self._show()

    def advance_step(self, step: str, done: int, total: int | None, unit: str) -> None:
        of = f" of {total:,}" if total else ""
        share = f' value="{done}" max="{total}"' if total else ""
        told = f"{escape(step)}: {done:,}{of} {escape(unit)}"
        self._bar = f"<progress{share}></progress> {told}"
        if time.monotonic() - self._told > _SECONDS_BETWEEN:
            self._show()

    def print_line(self, line: str) -> None:
        self._bar = ""
        self._lines.append(escape(hide_passwords(line)))
        self._show(even_quiet=True)

    def close(self) -> None:
        if self._bar:
            self._bar = ""
            self._show()

    def conclude(self, folder: Path, seconds: float) -> None:
        if not self.receipts or self.quiet:
            return
        told, _, report = describe_session(self.receipts, folder, seconds).partition("; report: ")
        link = f'; <a href="{escape(report)}" target="_blank">{REPORT_FILE}</a>' if report else ""
        self._lines.append(f"{escape(told)}{link}")
        self._show()

    def _show(self, *, even_quiet: bool = False) -> None:
        from IPython.display import HTML, display

        if self.quiet and not even_quiet:
            return
        self._told = time.monotonic()
        lines = [*self._lines, *([self._bar] if self._bar else [])]
        shown = HTML("".join(f"<div>{line}</div>" for line in lines))
        if self._shown is None:
            self._shown = display(shown, display_id=True)
        else:
            self._shown.update(shown)
