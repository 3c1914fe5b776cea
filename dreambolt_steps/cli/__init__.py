"""The command line. Commands hold options and one call; what they do is imported when they run."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the console script `dreambolt`.

    `--debug` is taken wherever it stands: it shows tracebacks, and DataDreamer's own log lines.
    """
    from dreambolt_steps.cli.app import app
    from dreambolt_steps.cli.failures import take_debug_flag, watch_signals
    from dreambolt_steps.cli.process_end import end_process

    sys.argv[1:] = take_debug_flag(sys.argv[1:])
    watch_signals()
    end_process(lambda: app(prog_name="dreambolt"))
