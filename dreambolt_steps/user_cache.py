"""Where this package keeps what it makes once for a user."""

from __future__ import annotations

import os
from pathlib import Path


def find_cache(*names: str) -> Path:
    """A place for what is made of models: $XDG_CACHE_HOME/dreambolt/..., else in ~/.cache."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home.joinpath("dreambolt", *names)
