"""The rows of Parquet files whose vectors are nearest to one, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from dreambolt_steps.errors import SourceError
from dreambolt_steps.matching.nearest import normalize
from dreambolt_steps.tables.export.export import METADATA_PREFIX

_BATCH_ROWS = 16_384


class VectorFiles:
    """Parquet files with vectors.

    Args:
        path: one file, or a folder of them.

    Attributes: `vectors`, the columns of vectors with their Arrow types; `metadata`, the
    `dreambolt.` pairs of the files without the prefix.

    Raises: SourceError: there is no such file, or none that is Parquet.
    """

    def __init__(self, path: Path) -> None:
        files = [path] if path.is_file() else sorted(path.glob("*.parquet"))
        if not files:
            raise SourceError(f"{path} is no Parquet file and no folder of any")
        self.path = path
        try:
            self._dataset = ds.dataset([str(file) for file in files], format="parquet")
        except (pa.ArrowInvalid, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise SourceError(f"{path} can't be read as Parquet: {reason}") from error
        self._schema = self._dataset.schema
        self.vectors = {field.name: field.type for field in self._schema if _is_vector(field.type)}
        self.metadata = {
            key.decode().removeprefix(METADATA_PREFIX): value.decode()
            for key, value in (self._schema.metadata or {}).items()
            if key.decode().startswith(METADATA_PREFIX)
        }

    def count_dims(self, column: str) -> int:
        """Dimensions of a column's vectors; bits of binary ones."""
        kind = self.vectors[column]
        size = getattr(kind, "list_size", None)
        if size is None:
            first = self._dataset.head(1, columns=[column], filter=pc.field(column).is_valid())
            size = len(first[column][0]) if first.num_rows else 0
        return size * 8 if kind.value_type == pa.uint8() else size

    def search(self, column: str, vector: Sequence[float], k: int) -> pa.Table:
        """Find the `k` rows nearest to a vector.

        All vectors are read, 16,384 at a time; of the other columns only the rows found.

        Args:
            column: one of `vectors`.
            vector: as the files have it: of `count_dims` numbers; signs are taken of it where they
                hold bits.

        Returns: their columns and `similarity` (cosine; for bits the share of equal ones, from -1
        to 1), best first; rows without a vector never.
        """
        wanted = normalize(np.asarray([vector], np.float32))[0]
        best = np.empty(0, np.float32)
        rows = np.empty(0, np.int64)
        start = 0
        for batch in self._dataset.to_batches(columns=[column], batch_size=_BATCH_ROWS):
            there = np.flatnonzero(batch.column(0).is_valid().to_numpy(zero_copy_only=False))
            near = _compare(batch.column(0).drop_null(), wanted)
            best = np.concatenate([best, near])
            rows = np.concatenate([rows, there + start])
            start += batch.num_rows
            known = ~np.isnan(best)  # a vector of zeros has no direction
            best, rows = best[known], rows[known]
            order = np.argsort(-best, kind="stable")[:k]
            best, rows = best[order], rows[order]
        taken = self._dataset.take(pa.array(rows)) if len(rows) else self._dataset.head(0)
        return taken.append_column("similarity", pa.array(best, pa.float32()))


def _is_vector(kind: pa.DataType) -> bool:
    listed = pa.types.is_fixed_size_list(kind) or pa.types.is_list(kind)
    if not listed:
        return False
    if pa.types.is_floating(kind.value_type):
        return True
    return pa.types.is_fixed_size_list(kind) and kind.value_type in (pa.int8(), pa.uint8())


def _compare(column: pa.Array, wanted: np.ndarray) -> np.ndarray:
    if not len(column):
        return np.empty(0, np.float32)
    values = column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1)
    if values.dtype == np.uint8:
        bits = np.packbits(wanted > 0)
        differ = np.unpackbits(values ^ bits, axis=1).sum(axis=1)
        return (1 - 2 * differ / (values.shape[1] * 8)).astype(np.float32)
    floats = values.astype(np.float32)
    lengths = np.linalg.norm(floats, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (floats @ wanted / lengths).astype(np.float32)
