"""`python cli.py ...` is `dreambolt ...`, for a checkout that is not installed."""

from __future__ import annotations

from dreambolt_steps.cli import main

if __name__ == "__main__":
    main()
