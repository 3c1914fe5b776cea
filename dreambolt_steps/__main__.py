"""`python -m dreambolt_steps`."""

from __future__ import annotations

from dreambolt_steps.cli import main

if __name__ == "__main__":
    main()
