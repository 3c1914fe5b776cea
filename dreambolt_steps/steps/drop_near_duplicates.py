"""The step that keeps one row of those that mean the same."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datasets import Dataset

from dreambolt_steps.arguments.embedding import DropNearDuplicatesArgs
from dreambolt_steps.embedding.stored_vectors import StoredVectors
from dreambolt_steps.embedding.text_source import name_text
from dreambolt_steps.errors import UsageError
from dreambolt_steps.matching.groups import number_groups
from dreambolt_steps.matching.lexical import check_lexical, compare_letters
from dreambolt_steps.matching.merging import Merging, merge_near
from dreambolt_steps.steps.base.embedding_run import EmbeddingRun
from dreambolt_steps.steps.base.table_columns import read_columns, read_source
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.steps.base.work_folder import WorkFolder

MERGED_FILE = "merged.parquet"


class DropNearDuplicates(TableStep[DropNearDuplicatesArgs]):
    """Keeps one row of those whose texts mean the same, and a table of what was merged into it.

    Inputs: every column of one upstream table.

    Outputs: the same columns, without the rows that were merged; rows without text stay. What was
    merged is in `step.merged`, and in the step's folder as merged.parquet: `row` and `text` that
    went, `kept_row` and `kept_text` that stayed (rows from 1), `similarity` (the cosine) and
    `lexical` (how alike the letters are).

    A row is merged into the nearest one that stays, if its cosine reaches the threshold: there are
    no chains of rows that are near only one after the other.

    Raises:
        SchemaError: a column is missing or holds no text.
        UsageError: arguments that do not go together.
        ModelError: the embedder can't be used.

    Example:
        args = {"text": "title", "threshold": 0.95, "min_lexical": 0.8, "block_by": ["year"]}
        single = DropNearDuplicates("dedupe", inputs=columns(clean), args=args)
    """

    version = 1.0
    Args = DropNearDuplicatesArgs
    _merged_in_memory: pa.Table | None = None

    @cached_property
    def model(self) -> EmbeddingRun:
        """The model with the session's store."""
        return EmbeddingRun(self, self.args["embedder"])

    @property
    def merged(self) -> pa.Table:
        """What was merged into what; sorted by the rows that went."""
        if self.folder is None:
            assert self._merged_in_memory is not None
            return self._merged_in_memory
        return pq.read_table(self.folder / MERGED_FILE)

    def identify_content(self) -> object:
        return self.model.identity

    def run(self) -> Dataset:
        if self.args["min_lexical"]:
            check_lexical()
        source = name_text(self.args["text"])
        self.receipt.rows_in = self.table.num_rows
        with WorkFolder(self, "merge") as work:
            places, store = self.model.place_texts(
                self.table, source, work, self.model.find_store(work)
            )
            texts = read_source(self.table, source)
            groups = self._number_groups()
            least = float(self.args["min_lexical"])

            def accept(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
                told = [texts.take(pa.array(one)).to_pylist() for one in (rows, others)]
                return compare_letters(*told) >= least

            merging = merge_near(
                places,
                groups,
                pc.fill_null(pc.utf8_length(texts), 0).to_numpy(),
                self.args["threshold"],
                self.args["keep"],
                partial(StoredVectors, store),
                accept if least else None,
            )
        self._keep_merged(merging, texts)
        with self.table.open_reader() as reader:
            left = pa.RecordBatchReader.from_batches(reader.schema, _drop(reader, merging.rows))
            stored = self.store(left)
        gone = len(merging.rows)
        kept = len(np.unique(merging.kept))
        self.receipt.report["merged rows"] = self.receipt.rows_dropped = gone
        self.receipt.notes = [f"{gone:,} rows merged into {kept:,}"]
        return stored

    def _number_groups(self) -> np.ndarray:
        names = list(self.args["block_by"] or [])
        if not names:
            return np.zeros(self.table.num_rows, np.int64)
        (groups,) = number_groups((read_columns(self.table, names), names))
        return groups

    def _keep_merged(self, merging: Merging, texts: pa.ChunkedArray) -> None:
        own, kept = (texts.take(pa.array(rows)) for rows in (merging.rows, merging.kept))
        lexical = pa.nulls(len(own), pa.float32())
        if self.args["min_lexical"] or _has_rapidfuzz():
            lexical = pa.array(compare_letters(own.to_pylist(), kept.to_pylist()), pa.float32())
        table = pa.table(
            {
                "row": merging.rows + 1,
                "text": own,
                "kept_row": merging.kept + 1,
                "kept_text": kept,
                "similarity": merging.cosines,
                "lexical": lexical,
            }
        )
        if self.folder is None:
            self._merged_in_memory = table
            return
        path = Path(self.folder) / MERGED_FILE
        pq.write_table(table, path, compression="zstd")
        self.receipt.report["merged"] = str(path)


def _drop(reader: pa.RecordBatchReader, gone: np.ndarray) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in reader:
        stays = np.ones(batch.num_rows, bool)
        low, high = np.searchsorted(gone, [start, start + batch.num_rows])
        stays[gone[low:high] - start] = False
        start += batch.num_rows
        yield batch.filter(pa.array(stays))


def _has_rapidfuzz() -> bool:
    try:
        check_lexical()
    except UsageError:
        return False
    return True


__all__ = ["DropNearDuplicates"]
