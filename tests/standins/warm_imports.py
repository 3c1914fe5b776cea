"""Imported once by the process that warm child processes are forked from."""

import gc
import sys

sys.modules["__main__"].__file__ = __file__  # without a script DuckDB takes Python for a notebook

from dreambolt_steps.fast_import import import_datadreamer  # noqa: E402

import_datadreamer()

import dreambolt_steps.steps.clean_table  # noqa: E402
import dreambolt_steps.steps.copy_into_duckdb  # noqa: E402
import dreambolt_steps.steps.export_parquet  # noqa: E402
import dreambolt_steps.steps.load_table  # noqa: E402, F401

gc.freeze()  # children that collect garbage need not copy what is shared
