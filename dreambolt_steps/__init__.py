"""DataDreamer steps that carry a table from messy files to a clean, embedded, queryable warehouse
table.

Public names are imported on first use (PEP 562), so that `dreambolt --help` never imports
DataDreamer.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dreambolt_steps.embedding.models.minilm import MiniLMEmbedder
    from dreambolt_steps.embedding.models.onnx_model import OnnxEmbedder
    from dreambolt_steps.embedding.models.sentence_transformer import SentenceTransformerEmbedder
    from dreambolt_steps.embedding.models.server_model import ServerEmbedder
    from dreambolt_steps.embedding.models.static_model import StaticEmbedder, distill_static
    from dreambolt_steps.engines.current import use_engine
    from dreambolt_steps.errors import DreamboltError
    from dreambolt_steps.llms.ledger.spending import limit_spending
    from dreambolt_steps.llms.litellm.model import LiteLLMModel
    from dreambolt_steps.llms.llama_cpp.model import LocalModel
    from dreambolt_steps.llms.openai.model import ChatModel
    from dreambolt_steps.session.session import open_session
    from dreambolt_steps.steps.assess_synthesis import AssessSynthesis
    from dreambolt_steps.steps.base.check_target import check_target
    from dreambolt_steps.steps.base.input_table import columns
    from dreambolt_steps.steps.base.quality_limit import require_quality
    from dreambolt_steps.steps.base.reject_limit import limit_rejects
    from dreambolt_steps.steps.base.second_table import reference
    from dreambolt_steps.steps.clean_table import CleanTable
    from dreambolt_steps.steps.complete_columns import CompleteColumns
    from dreambolt_steps.steps.copy_into_duckdb import CopyIntoDuckDB
    from dreambolt_steps.steps.copy_into_firebolt import CopyIntoFirebolt
    from dreambolt_steps.steps.drop_near_duplicates import DropNearDuplicates
    from dreambolt_steps.steps.embed_columns import EmbedColumns
    from dreambolt_steps.steps.export_parquet import ExportParquet
    from dreambolt_steps.steps.find_parquet import FindParquet
    from dreambolt_steps.steps.load_table import LoadTable
    from dreambolt_steps.steps.match_similar import MatchSimilar
    from dreambolt_steps.steps.suggest_schema import SuggestSchema
    from dreambolt_steps.steps.synthesize_rows import SynthesizeRows
    from dreambolt_steps.warehouses.firebolt.check import check_firebolt

__version__: str

_HOMES = {
    "LoadTable": "steps.load_table",
    "CleanTable": "steps.clean_table",
    "SuggestSchema": "steps.suggest_schema",
    "CompleteColumns": "steps.complete_columns",
    "AssessSynthesis": "steps.assess_synthesis",
    "SynthesizeRows": "steps.synthesize_rows",
    "EmbedColumns": "steps.embed_columns",
    "MatchSimilar": "steps.match_similar",
    "DropNearDuplicates": "steps.drop_near_duplicates",
    "reference": "steps.base.second_table",
    "ExportParquet": "steps.export_parquet",
    "FindParquet": "steps.find_parquet",
    "CopyIntoDuckDB": "steps.copy_into_duckdb",
    "CopyIntoFirebolt": "steps.copy_into_firebolt",
    "check_firebolt": "warehouses.firebolt.check",
    "check_target": "steps.base.check_target",
    "columns": "steps.base.input_table",
    "MiniLMEmbedder": "embedding.models.minilm",
    "OnnxEmbedder": "embedding.models.onnx_model",
    "SentenceTransformerEmbedder": "embedding.models.sentence_transformer",
    "ServerEmbedder": "embedding.models.server_model",
    "StaticEmbedder": "embedding.models.static_model",
    "distill_static": "embedding.models.static_model",
    "ChatModel": "llms.openai.model",
    "LiteLLMModel": "llms.litellm.model",
    "LocalModel": "llms.llama_cpp.model",
    "limit_spending": "llms.ledger.spending",
    "open_session": "session.session",
    "limit_rejects": "steps.base.reject_limit",
    "require_quality": "steps.base.quality_limit",
    "use_engine": "engines.current",
    "DreamboltError": "errors",
}
_NEED_DATADREAMER = ("steps.", "embedding.", "llms.")
_NEED_NOTHING = ("steps.base.reject_limit", "steps.base.quality_limit", "llms.ledger.spending")

__all__ = [
    "AssessSynthesis",
    "ChatModel",
    "CleanTable",
    "CompleteColumns",
    "CopyIntoDuckDB",
    "CopyIntoFirebolt",
    "DreamboltError",
    "DropNearDuplicates",
    "EmbedColumns",
    "ExportParquet",
    "FindParquet",
    "LiteLLMModel",
    "LoadTable",
    "LocalModel",
    "MatchSimilar",
    "MiniLMEmbedder",
    "OnnxEmbedder",
    "SentenceTransformerEmbedder",
    "ServerEmbedder",
    "StaticEmbedder",
    "SuggestSchema",
    "SynthesizeRows",
    "check_firebolt",
    "check_target",
    "columns",
    "distill_static",
    "limit_rejects",
    "limit_spending",
    "open_session",
    "reference",
    "require_quality",
    "use_engine",
]


def find_home(name: str) -> str:
    """The module of a public name, below this package."""
    return _HOMES[name]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _find_version()
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if home.startswith(_NEED_DATADREAMER) and home not in _NEED_NOTHING:
        from dreambolt_steps.session.fast_import import import_datadreamer

        import_datadreamer()
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def _find_version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # 0.04 s, in every command

    try:
        return version("dreambolt-steps")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0.0.0"


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
