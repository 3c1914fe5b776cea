"""Imported once by the process that warm child processes are forked from."""

import gc
import sys
from importlib import import_module
from pkgutil import iter_modules

sys.modules["__main__"].__file__ = __file__  # without a script DuckDB takes Python for a notebook

from dreambolt_steps.session.fast_import import import_datadreamer  # noqa: E402

import_datadreamer()
from dreambolt_steps import cli  # noqa: E402

for name in (
    "torch",  # what the packaged model imports late
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert_fast",
    "sklearn.metrics",
    "scipy.stats",
    "accelerate",
    "dreambolt_steps.embedding.models.minilm",
    "dreambolt_steps.steps.clean_table",
    "dreambolt_steps.steps.copy_into_duckdb",
    "dreambolt_steps.steps.export_parquet",
    "dreambolt_steps.steps.embed_columns",
    "dreambolt_steps.steps.load_table",
    *(f"dreambolt_steps.cli.{module.name}" for module in iter_modules(cli.__path__)),
    "tests.warehouses.firebolt_child",
    "botocore.session",  # what a load into Firebolt imports late, as the two below
    "firebolt.db",
    "httpx",
):
    import_module(name)

gc.freeze()  # children that collect garbage need not copy what is shared
