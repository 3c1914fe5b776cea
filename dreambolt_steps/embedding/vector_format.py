"""How vectors are handed on: how many dimensions, of which type, normalised or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dreambolt_steps.errors import UsageError
from dreambolt_steps.matching.nearest import normalize
from dreambolt_steps.unknown_names import tell_known

DTYPES = {
    "float32": pa.float32(),
    "float16": pa.float16(),
    "int8": pa.int8(),
    "binary": pa.uint8(),
}


@dataclass(frozen=True)
class VectorFormat:
    """The form of the vectors in a table.

    Attributes:
        model_dims: floats that the model gives.
        dims: the first so many are kept, as models trained for it allow (Matryoshka); normalised
            again.
        dtype: float32; float16; int8, each vector scaled so that its largest value is 127, which
            leaves cosines alone; binary, the signs, eight in a uint8, the first in the highest bit.
        normalize: to length 1; None as the model gives them, and to length 1 when cut.
    """

    model_dims: int
    dims: int
    dtype: str = "float32"
    normalize: bool | None = None

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise UsageError(f"dtype {self.dtype!r} is unknown; {tell_known(self.dtype, DTYPES)}")
        if not 1 <= self.dims <= self.model_dims:
            raise UsageError(
                f"{self.dims} dimensions were asked for, the model gives {self.model_dims}; ask "
                f"for 1 to {self.model_dims}"
            )
        if self.dtype == "binary" and self.dims % 8:
            raise UsageError(f"binary vectors need a multiple of 8 dimensions, not {self.dims}")

    @property
    def type(self) -> pa.DataType:
        """The Arrow type of a column of such vectors."""
        width = self.dims // 8 if self.dtype == "binary" else self.dims
        return pa.list_(DTYPES[self.dtype], width)

    def convert(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors of the model, float32 of shape (n, model_dims), in this form."""
        cut = vectors[:, : self.dims]
        if self.normalize or (self.normalize is None and self.dims < self.model_dims):
            cut = normalize(cut)
        if self.dtype == "binary":
            return np.packbits(cut > 0, axis=1)
        if self.dtype == "int8":
            largest = np.abs(cut).max(axis=1, keepdims=True)
            return np.rint(cut * (127 / np.where(largest == 0, 1, largest))).astype(np.int8)
        return np.ascontiguousarray(cut, np.float16 if self.dtype == "float16" else np.float32)

    def build_array(self, vectors: np.ndarray, missing: np.ndarray) -> pa.Array:
        """A column of converted vectors.

        Args:
            vectors: what `convert` gave, one a row.
            missing: bool, one a row; True is NULL.
        """
        width = self.type.list_size
        mask = pa.array(missing) if missing.any() else None
        return pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), width, mask=mask)
