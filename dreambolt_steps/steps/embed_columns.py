"""The step that adds embeddings of text columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.arguments.embedding import EmbedColumnsArgs
from dreambolt_steps.dry_run import is_preview
from dreambolt_steps.embedding.chunks import Chunks
from dreambolt_steps.embedding.encode import embed_columns
from dreambolt_steps.embedding.explode import CHUNK, explode_rows
from dreambolt_steps.embedding.text_source import TextSource, name_sources
from dreambolt_steps.embedding.vector_format import VectorFormat
from dreambolt_steps.embedding.vector_map import draw_map, write_maps
from dreambolt_steps.errors import UsageError
from dreambolt_steps.steps.base.embedding_plan import plan_embedding
from dreambolt_steps.steps.base.embedding_run import EmbeddingRun
from dreambolt_steps.steps.base.stored_table import open_stored
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.steps.base.work_folder import WorkFolder
from dreambolt_steps.tables.arrow_stream import open_stream, write_stream


class EmbedColumns(TableStep[EmbedColumnsArgs]):
    """Adds a column of vectors for each text column or template; a text is encoded once a session.

    Inputs: every column of one upstream table.

    Outputs: the same columns, `<column>_embedding` for each column and `<name>_embedding` for each
    template: a list of `dims` numbers, NULL where the text is NULL or blank. With `long_texts`
    "explode" there is a row for each chunk, with `chunk` and `chunk_number` in place of the column.

    Vectors are kept in the session by model and text: a later run, another step or another file
    encodes only texts that are new. A run that was interrupted loses one batch at most.

    Raises:
        SchemaError: a column is missing, holds no text, or its output name is taken.
        ModelError: the embedder can't be used, or gave other vectors than asked for.
        UsageError: arguments that do not go together.

    Example:
        args = {"columns": ["player_name"], "templates": {"card": "{player_name}, {team}: {event}"}}
        vectors = EmbedColumns("embed", inputs=columns(clean), args=args)
    """

    version = 2.0
    Args = EmbedColumnsArgs

    @cached_property
    def run_of_model(self) -> EmbeddingRun:
        """The model with the session's store."""
        chunks = self.chunks if self.args["long_texts"] == "mean" else None
        return EmbeddingRun(self, self.args["embedder"], self.args["batch_size"], chunks)

    @cached_property
    def chunks(self) -> Chunks:
        """How long texts are cut."""
        model = EmbeddingRun(self, self.args["embedder"])
        return model.cut_into(self.args["chunk_tokens"], self.args["chunk_overlap"])

    def identify_content(self) -> object:
        return EmbeddingRun(self, self.args["embedder"]).identity

    def plan_effect(self) -> Dataset | None:
        """In a dry run no model runs, and in a preview no server is asked: the table goes on
        without vectors, and what would be encoded is told."""
        asks_server = getattr(self.args["embedder"], "asks_server", False)
        if is_preview() and not asks_server:
            return None
        if not asks_server and self.holds_result(self.identify_content()):
            return None  # it comes from the cache
        sources = self._name_sources()
        model = EmbeddingRun(self, self.args["embedder"])
        if asks_server:
            told = [source.output for source in sources]
            self.receipt.notes.append(f"would ask {model.name} for {', '.join(told)}")
        if not is_preview():
            self.receipt.notes.append(plan_embedding(self, model, sources))
        table = self.table.open_reader().read_all()
        self.receipt.rows_in = self.receipt.rows_out = table.num_rows
        if not asks_server:  # steps below see the columns, empty
            form = self._choose_form(model.dims)
            for source in sources:
                table = table.append_column(source.output, pa.nulls(table.num_rows, form.type))
        return Dataset(table)

    def run(self) -> Dataset:
        sources = self._name_sources()
        self.receipt.rows_in = self.table.num_rows
        model = self.run_of_model
        form = self._choose_form(model.dims)
        with WorkFolder(self, "vectors") as work:
            read, embedded = self.table.open_reader, sources
            if self.args["long_texts"] == "explode":
                read, embedded = self._explode(sources, work)
            store = model.find_store(work)
            with model.open_encoder() as encode:
                reader = embed_columns(
                    read, embedded, encode, form, work, store, on_progress=model.count_texts
                )
            self.receipt.report["lineage"] = self._describe(sources, form)
            total = self.receipt.rows_in if read == self.table.open_reader else None
            stored = self.store(reader, total)
        self._draw_maps(stored, sources)
        if total is None:
            self.receipt.rows_made = self.receipt.rows_out - self.receipt.rows_in
        return stored

    def _choose_form(self, dims: int) -> VectorFormat:
        args = self.args
        return VectorFormat(dims, args["dims"] or dims, args["dtype"], args["normalize"])

    def _draw_maps(self, stored: Dataset, sources: list[TextSource]) -> None:
        """Keep a map of each column of vectors for the report of the session."""
        if self.folder is None:
            return
        maps = []
        for source in sources:
            exploded = self.args["long_texts"] == "explode"
            shown = TextSource(source.output, (("", CHUNK),)) if exploded else source
            with open_stored(self, stored) as reader:
                found = draw_map(reader, self.receipt.rows_out, shown, self.args["color_by"])
            maps += [found] if found else []
        write_maps(self.folder, maps)

    def _name_sources(self) -> list[TextSource]:
        sources = name_sources(self.args["columns"] or [], self.args["templates"] or {})
        if self.args["long_texts"] == "explode" and len(sources) != 1:
            raise UsageError(
                "long_texts 'explode' makes rows of one text's chunks; name one column or template"
            )
        return sources

    def _explode(
        self, sources: list[TextSource], work: Path
    ) -> tuple[Callable[[], pa.RecordBatchReader], list[TextSource]]:
        path = work / "exploded.arrow"
        write_stream(explode_rows(self.table.open_reader(), sources[0], self.chunks), path)
        return lambda: open_stream(path), [TextSource(sources[0].output, (("", CHUNK),))]

    def _describe(self, sources: list[TextSource], form: VectorFormat) -> dict[str, str]:
        """What a file's metadata says of the vectors."""
        model = self.run_of_model.describe()
        told = {"embedding_model": model["model"]}
        for source in sources:
            name = source.output.removesuffix("_embedding")
            told[f"embedding.{name}"] = model["model"]
            facts = {
                **model,
                "dims": form.dims,
                "dtype": form.dtype,
                "normalize": form.normalize,
                "template": source.template,
                "long_texts": self.args["long_texts"],
            }
            if self.args["long_texts"] != "cut":
                facts |= {"tokens": self.chunks.tokens, "overlap": self.chunks.overlap}
            told[f"embedding.{name}.facts"] = json.dumps(facts, ensure_ascii=False)
        return told


__all__ = ["EmbedColumns"]
