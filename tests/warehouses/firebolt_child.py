"""A load in a process of its own, which tests kill."""

from __future__ import annotations

import os
from typing import Any

from dreambolt_steps.warehouses.firebolt.prepare import FireboltOptions
from dreambolt_steps.warehouses.firebolt.settings import read_settings
from dreambolt_steps.warehouses.firebolt.warehouse import FireboltWarehouse
from dreambolt_steps.warehouses.load import Load


def load_files(
    environment: dict[str, str], load: Load, files: list[str], options: dict[str, Any]
) -> None:
    os.environ |= environment
    FireboltWarehouse(read_settings(), FireboltOptions(**options)).load_files(load, files)
