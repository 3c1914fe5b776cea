"""The step that adds embeddings of text columns."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from datasets import Dataset

from dreambolt_steps.embedding.adapter import encode_with
from dreambolt_steps.embedding.encode import embed_columns
from dreambolt_steps.embedding.identity import identify_model
from dreambolt_steps.steps.table_step import TableStep


class EmbedColumns(TableStep):
    """Adds one column of vectors for each of some text columns; identical texts are encoded once.

    Inputs: every column of one upstream table.

    Outputs: the same columns, and `<column>_embedding` for each embedded one: a list of `dims`
    float32, NULL where the text is NULL or blank. Encoding that was interrupted goes on where it
    was, not at the first row.

    Raises:
        SchemaError: a column is missing, holds no text, or its output name is taken.
        ModelError: the embedder gave other vectors than asked for.

    Example:
        vectors = EmbedColumns("embed", inputs=columns(clean), args={"columns": ["player_name"]})
    """

    version = 1.0

    def setup(self) -> None:
        self.register_arg("columns", help="Names of the text columns, a list.")
        self.register_arg(
            "embedder",
            required=False,
            help="Any DataDreamer Embedder.",
            default_help="the packaged all-MiniLM-L6-v2",
        )
        self.register_arg("batch_size", required=False, default=32, help="Texts per model call.")

    @cached_property
    def embedder(self) -> Any:
        """The embedder that was given, or the packaged default."""
        if self.args["embedder"] is not None:
            return self.args["embedder"]
        from dreambolt_steps.embedding.minilm import MiniLMEmbedder

        return MiniLMEmbedder()

    @cached_property
    def model_identity(self) -> str:
        """What the vectors depend on; a local model's files are hashed for it, once."""
        return identify_model(self.embedder)

    def identify_content(self) -> object:
        return self.model_identity

    def run(self) -> Dataset:
        names = self.args["columns"]
        self.receipt.rows_in = self.table.num_rows
        if self.folder is None:
            with TemporaryDirectory(prefix="dreambolt-") as work:
                return self._embed(names, Path(work))
        work_folder = Path(self.get_run_output_folder_path()) / "vectors"
        embedded = self._embed(names, work_folder)
        shutil.rmtree(work_folder, ignore_errors=True)
        return embedded

    def _embed(self, names: Sequence[str], work_folder: Path) -> Dataset:
        reader = embed_columns(
            self.table.open_reader,
            names,
            self._encode,
            self.embedder.dims,
            work_folder,
            identity=self.model_identity,
            on_progress=self._count_texts,
        )
        model = f"{self.embedder.model_name} ({self.embedder.dims} dims)"
        self.receipt.report["lineage"] = {
            "embedding_model": model,
            **{f"embedding.{name}": model for name in names},
        }
        return self.store(reader, self.receipt.rows_in)

    def _encode(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        return encode_with(self.embedder, self, texts, batch_size=self.args["batch_size"])

    def _count_texts(self, done: int, total: int) -> None:
        self.advance(done, total, "texts")
        self.receipt.report["distinct texts"] = total
        self.receipt.notes = [f"{total:,} distinct texts"]


__all__ = ["EmbedColumns"]
