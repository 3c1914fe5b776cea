"""A load in a process of its own, which tests kill; forked from one that has imported this."""

from __future__ import annotations

import gc
import os
from typing import Any

import botocore.config
import botocore.session  # noqa: F401
import firebolt.client
import firebolt.db  # noqa: F401
import httpx  # noqa: F401

from dreambolt_steps.warehouses.firebolt import FireboltWarehouse
from dreambolt_steps.warehouses.firebolt_prepare import FireboltOptions
from dreambolt_steps.warehouses.firebolt_settings import read_settings
from dreambolt_steps.warehouses.load import Load

gc.freeze()  # children that collect garbage need not copy what is shared


def load_files(
    environment: dict[str, str], load: Load, files: list[str], options: dict[str, Any]
) -> None:
    os.environ |= environment
    FireboltWarehouse(read_settings(), FireboltOptions(**options)).load_files(load, files)
