"""A model at work for a step, with the vectors that the session keeps of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dreambolt_steps.embedding.chunks import Chunks, choose_tokens, pool_chunks
from dreambolt_steps.embedding.encode import Encode, name_store, place_texts
from dreambolt_steps.embedding.models.adapter import encode_with
from dreambolt_steps.embedding.models.ray import can_spread, spread_model
from dreambolt_steps.embedding.open_embedder import name_embedder
from dreambolt_steps.embedding.store import VectorStore
from dreambolt_steps.embedding.text_source import TextSource
from dreambolt_steps.embedding.vector_origin import hash_weights
from dreambolt_steps.engines.current import current_engine
from dreambolt_steps.model_identity import identify_model
from dreambolt_steps.session.step_cache import VECTORS
from dreambolt_steps.steps.base.input_table import InputTable

if TYPE_CHECKING:
    from dreambolt_steps.steps.base.table_step import TableStep

MODEL_FILE = "model.json"


class EmbeddingRun:
    """An embedder at work for one step.

    Args:
        step: the step.
        embedder: any DataDreamer Embedder; None for the packaged MiniLM.
        batch_size: texts per call of an embedder that does not cut batches itself.
        chunks: how long texts are cut and their chunks' vectors pooled; None leaves them to the
            model, which cuts them off.
    """

    def __init__(
        self,
        step: TableStep,
        embedder: Any = None,
        batch_size: int = 32,
        chunks: Chunks | None = None,
    ) -> None:
        if embedder is None:
            from dreambolt_steps.embedding.models.minilm import MiniLMEmbedder

            embedder = MiniLMEmbedder()
        self.embedder = embedder
        self._step, self._batch_size, self._chunks = step, batch_size, chunks

    @cached_property
    def identity(self) -> str:
        """What the vectors depend on; a local model's files are hashed for it, once."""
        return identify_model(self.embedder)

    @property
    def name(self) -> str:
        """The model, for people."""
        return str(self.embedder.model_name)

    @cached_property
    def dims(self) -> int:
        """Floats of one vector."""
        return int(self.embedder.dims)

    @cached_property
    def _weights(self) -> str:
        """A hash of the model's weights, taken once."""
        return hash_weights(self.embedder)

    def cut_into(self, tokens: int | None, overlap: int) -> Chunks:
        """Chunks of so many tokens of the model, by default as many as it reads."""
        wanted = tokens or int(self.embedder.model_max_length)
        return Chunks(choose_tokens(self.embedder), wanted, overlap)

    @contextmanager
    def open_encoder(self) -> Iterator[Encode]:
        """The model at work, on the engine of the run, for the time of a `with` block: it gives
        batches of vectors as they are finished."""
        with ExitStack() as stack:
            encode: Encode = self._encode
            engine = current_engine()
            if engine.is_spread and can_spread(self.embedder):
                encode = stack.enter_context(spread_model(self.embedder, engine))
            yield pool_chunks(encode, self._chunks) if self._chunks is not None else encode

    def place_texts(
        self, table: InputTable, source: TextSource, work: Path, store: Path
    ) -> tuple[np.ndarray, VectorStore]:
        """Encode the distinct texts of a table that the store does not have.

        Args:
            table: the table.
            source: the text of a row.
            work: an empty folder, kept for as long as the places are used.
            store: from `find_store`.

        Returns: where each row's vector is, int64 of shape (rows,), `NO_TEXT` for none; the store.
        """
        with table.open_reader() as reader, self.open_encoder() as encode:
            places, found = place_texts(
                reader, [source], encode, self.dims, work, store, self.count_texts
            )
        return places[:, 0], found

    def find_store(self, otherwise: Path) -> Path:
        """The folder of the vectors of this model in the session; below `otherwise` in memory."""
        session = self._step.find_session_folder()
        cut = (self._chunks.tokens, self._chunks.overlap) if self._chunks else None
        identity = self.identity if cut is None else f"{self.identity} mean {cut}"
        name = name_store(identity, self.dims)
        if session is None:
            return otherwise / name
        folder = session / VECTORS / name
        folder.mkdir(parents=True, exist_ok=True)
        told = {**self.describe(), "dims": self.dims, "identity": identity}
        (folder / MODEL_FILE).write_text(json.dumps(told, indent=2), encoding="utf-8")
        stores = self._step.receipt.report.setdefault("vector_stores", [])
        stores.append(name)
        return folder

    def describe(self) -> dict[str, str]:
        """Model and revision, for people and for files' metadata; and `embedder`, by which
        `open_embedder` opens it again, if it has such a name."""
        revision = getattr(self.embedder, "revision", None) or name_store(self.identity, self.dims)
        name = f"{self.embedder.model_name} ({self.dims} dims)"
        asked = name_embedder(self.embedder)
        told = {} if asked is None else {"embedder": asked}
        more = {"weights": self._weights}
        more |= {name: getattr(self.embedder, name, "") for name in ("prompt", "query_prompt")}
        told |= {name: value for name, value in more.items() if value}
        return {"model": name, "revision": str(revision), **told}

    def count_texts(self, done: int, total: int, known: int) -> None:
        """Tell how far the step is."""
        self._step.advance(done, total, "texts")
        report = self._step.receipt.report
        report["distinct texts"] = total
        report["encoded texts"] = done - known
        told = f", {known:,} known" if known else ""
        self._step.receipt.notes = [f"{total:,} distinct texts{told}"]

    def _encode(self, texts: Sequence[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return encode_with(self.embedder, self._step, texts, batch_size=self._batch_size)
