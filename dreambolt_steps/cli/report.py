"""`report`: where the report of a session's last run is; in the browser, if wanted."""

from __future__ import annotations

import webbrowser

from dreambolt_steps.cli.find_session import find_session
from dreambolt_steps.errors import UnknownNameError, UsageError
from dreambolt_steps.report.page import REPORT_FILE


def show_report(name: str | None, *, in_browser: bool) -> None:
    """Print the path of a report, and nothing else, so that a shell can go on with it.

    Args:
        name: of the session, as `find_session` takes it.
        in_browser: open it, too.

    Raises:
        UnknownNameError: no such session, or no run of it has left a report.
        UsageError: this machine has no browser that could be opened.
    """
    session = find_session(name)
    path = session / REPORT_FILE
    if not path.is_file():
        raise UnknownNameError(
            f"{session} has no report: a run writes it when it ends, a dry run does not"
        )
    print(path)
    if in_browser and not webbrowser.open(path.absolute().as_uri()):
        raise UsageError(f"no browser could be opened here; open {path} yourself")
