"""The default embedding model for one text that is looked for, computed by NumPy.

To load torch takes seconds, to compute one text milliseconds. The vectors are those of
`MiniLMEmbedder` to 1e-6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dreambolt_steps.embedding.models.model_folder import PACKAGED
from dreambolt_steps.embedding.models.weights import (
    find_model_file,
    identify_weights,
    read_model_json,
)
from dreambolt_steps.embedding.text_source import clean_text

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Abramowitz and Stegun 7.1.26: the error function to 1.5e-7.
_ERF = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
_ERF_SCALE = 0.3275911


class MiniLMQuery:
    """all-MiniLM-L6-v2 for a few texts; loads neither torch nor DataDreamer.

    Attributes: `model_name`, `dims` and `revision`, as those of `MiniLMEmbedder`.

    Raises: ModelError when the package is missing or damaged.

    Example:
        >>> next(MiniLMQuery().encode(["Diego MARADONA"])).shape
        (384,)
    """

    model_name = PACKAGED

    def __init__(self) -> None:
        self.revision = identify_weights()
        config = read_model_json("config.json")
        self.dims = int(config["hidden_size"])
        self._heads, self._layers = config["num_attention_heads"], config["num_hidden_layers"]
        self._smallest = config["layer_norm_eps"]

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer, cut off where the model stops reading."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(find_model_file("tokenizer.json")))
        tokenizer.enable_truncation(read_model_json("sentence_bert_config.json")["max_seq_length"])
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _weights(self) -> dict[str, np.ndarray]:
        from safetensors.numpy import load_file

        return load_file(find_model_file("model.safetensors"))

    def encode(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        """Yield a float32 vector of length 1 and shape (dims,) per text, in order."""
        for text in texts:
            hidden = self._embed(self.tokenizer.encode(clean_text(text)).ids)
            for layer in range(self._layers):
                hidden = self._run_layer(f"encoder.layer.{layer}", hidden)
            pooled = hidden.mean(axis=0)
            yield (pooled / np.linalg.norm(pooled)).astype(np.float32)

    def encode_batches(
        self, texts: Sequence[str], step: str | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield positions of texts and their vectors, one text at a time."""
        for at, vector in enumerate(self.encode(texts)):
            yield np.asarray([at]), vector[None]

    def _embed(self, ids: Sequence[int]) -> np.ndarray:
        words = self._weights["embeddings.word_embeddings.weight"][list(ids)]
        places = self._weights["embeddings.position_embeddings.weight"][: len(ids)]
        kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        return self._norm("embeddings.LayerNorm", words + places + kind)

    def _run_layer(self, name: str, hidden: np.ndarray) -> np.ndarray:
        attention = f"{name}.attention"
        query, key, value = (
            self._multiply(f"{attention}.self.{part}", hidden)
            .reshape(len(hidden), self._heads, -1)
            .transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[-1])
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        seen = (shares / shares.sum(axis=-1, keepdims=True)) @ value
        joined = seen.transpose(1, 0, 2).reshape(hidden.shape)
        hidden = self._norm(
            f"{attention}.output.LayerNorm",
            hidden + self._multiply(f"{attention}.output.dense", joined),
        )
        inner = _apply_gelu(self._multiply(f"{name}.intermediate.dense", hidden))
        return self._norm(
            f"{name}.output.LayerNorm", hidden + self._multiply(f"{name}.output.dense", inner)
        )

    def _multiply(self, name: str, values: np.ndarray) -> np.ndarray:
        return values @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _norm(self, name: str, values: np.ndarray) -> np.ndarray:
        centred = values - values.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self._smallest)
        return centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def _apply_gelu(values: np.ndarray) -> np.ndarray:
    scaled = np.abs(values) * np.float32(2**-0.5)
    term = 1 / (1 + np.float32(_ERF_SCALE) * scaled)
    tail = np.polyval(np.asarray((*_ERF, 0), np.float32), term) * np.exp(-(scaled**2))
    return values * (1 + np.sign(values) * (1 - tail)) / 2
