"""What a model would have to encode, told without the model: for `--dry-run`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dreambolt_steps.embedding.store import VectorStore
from dreambolt_steps.embedding.text_source import TextSource
from dreambolt_steps.embedding.texts import DistinctTexts
from dreambolt_steps.session.step_cache import VECTORS, read_receipt
from dreambolt_steps.steps.base.embedding_run import MODEL_FILE, EmbeddingRun
from dreambolt_steps.steps.base.work_folder import WorkFolder

if TYPE_CHECKING:
    from dreambolt_steps.steps.base.table_step import TableStep

_CHARACTERS_A_SECOND = 50_000  # of the packaged model on two cores: benchmarks/README.md
_LEAST_TEXTS = 100  # fewer say more of the start than of the speed
_PACKAGED = "all-MiniLM-L6-v2"


def plan_embedding(step: TableStep, model: EmbeddingRun, sources: Sequence[TextSource]) -> str:
    """Say how many texts a step would encode, how many of them are new, and how long it would take.

    Texts that are cut into chunks count as one.

    Args:
        step: whose table it is.
        model: that would encode them.
        sources: what is embedded of a row.

    Returns: such as `would encode 120 of 800 distinct texts with all-MiniLM-L6-v2, about 3 s`.
    """
    stored = _find_stored(step.find_session_folder(), model.identity)
    with (
        WorkFolder(step, "plan") as work,
        step.table.open_reader() as reader,
        DistinctTexts(reader, sources, work) as texts,
    ):
        if stored is not None:
            with VectorStore(*stored) as store:
                texts.place(store.scan())
        bounds = texts.list_missing()
        new, size = bounds[-1] if bounds else 0, texts.measure_missing()
        told = f"would encode {new:,} of {texts.count:,} distinct texts with {model.name}"
    speed = _find_speed(step.find_session_folder(), stored[0].name if stored else "")
    if not new:
        return told
    if speed is not None:
        return f"{told}, about {_tell_seconds(new / speed)} as fast as the last run"
    if model.name.split(" ")[0] == _PACKAGED:
        return f"{told}, about {_tell_seconds(size / _CHARACTERS_A_SECOND)} on two cores"
    return f"{told}; how long that takes is known once the model has run here"


def _find_stored(session: Path | None, identity: str) -> tuple[Path, int] | None:
    """The vectors that a session keeps of a model: their folder, and how long they are."""
    for file in sorted((session / VECTORS).glob(f"*/{MODEL_FILE}")) if session else ():
        told = json.loads(file.read_text(encoding="utf-8"))
        if told.get("identity") == identity:
            return file.parent, int(told["dims"])
    return None


def _find_speed(session: Path | None, store: str) -> float | None:
    """Texts a second of the run of this model that encoded the most of them in the session."""
    found: dict[int, float] = {}
    for file in session.glob("**/receipt.json") if session and store else ():
        receipt = read_receipt(file.parent)
        report = receipt.report if receipt else {}
        encoded = int(report.get("encoded texts", 0))
        if receipt and receipt.seconds and store in report.get("vector_stores", []):
            found[encoded] = encoded / receipt.seconds
    most = max(found, default=0)
    return found[most] if most >= _LEAST_TEXTS else None


def _tell_seconds(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):,.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < 5_400 else f"{seconds / 3_600:,.1f} h"
