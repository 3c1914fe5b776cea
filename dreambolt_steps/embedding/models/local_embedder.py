"""What the embedding models that run here have in common."""

from __future__ import annotations

import copy
import gc
from abc import abstractmethod
from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from datadreamer.embedders import Embedder

from dreambolt_steps.embedding.models.adapter import gather_batches
from dreambolt_steps.embedding.models.token_batches import (
    Forward,
    cut_token_batches,
    run_token_batches,
)
from dreambolt_steps.embedding.models.torch_devices import choose_batch_tokens
from dreambolt_steps.embedding.text_source import clean_text
from dreambolt_steps.model_identity import hash_contents

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LOADED = ("model", "tokenizer", "forwards")


class LocalEmbedder(Embedder):
    """A DataDreamer Embedder that runs in this process.

    `EmbedColumns` asks it for batches (`encode_batches`); every DataDreamer step that takes an
    Embedder may use it. A subclass says how token ids become vectors (`forwards`), where its files
    are (`folder`), and what is put before every text (`prompt`). Models are loaded on first use;
    nothing is downloaded.

    Args:
        model_name: for people.
        cache_folder_path: folder of DataDreamer's vector cache for `run`, default the session's
            own.
    """

    folder: Path
    prompt = ""
    _query_prompt: str | None = None

    def __init__(self, model_name: str, cache_folder_path: str | None = None) -> None:
        super().__init__(model_name=model_name, cache_folder_path=cache_folder_path)

    @cached_property
    def revision(self) -> str:
        """A hash of the model's files."""
        return hash_contents(self.folder)

    @property
    def query_prompt(self) -> str:
        """What is put before a text that is looked for; as before any other, unless it was told."""
        return self.prompt if self._query_prompt is None else self._query_prompt

    def with_prompt(self, prompt: str) -> LocalEmbedder:
        """The same model, loaded once, with another prompt before every text."""
        other = copy.copy(self)
        other.__dict__ |= {"prompt": prompt}
        return other

    def count_threads(self) -> int:
        """Threads that a batch is computed on here: torch's, which ONNX Runtime takes as well."""
        import torch

        return int(torch.get_num_threads())

    @property
    def batch_tokens(self) -> int:
        """Tokens of a batch: on a CPU so few that what is made of them stays in its caches."""
        return choose_batch_tokens(getattr(self, "device", "cpu"))

    @property
    def wants_gpu(self) -> bool:
        """Whether a worker of a cluster is to take a GPU for it, where there is one."""
        return getattr(self, "device", None) != "cpu"

    @property
    @abstractmethod
    def forwards(self) -> list[Forward]:
        """The loaded model, once a device: token ids of texts to float32 vectors."""

    @property
    @abstractmethod
    def tokenizer(self) -> Tokenizer:
        """The tokenizer, which cuts texts off at `model_max_length`, without padding."""

    def encode_batches(
        self, texts: Sequence[str], step: str | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield batches as they are finished: positions of texts, and float32 vectors of shape
        (n, dims). The prompt stands before each text; they are cut off at `model_max_length`.
        Nothing is cached."""
        yield from run_token_batches(self._tokenize(texts), self.batch_tokens, self.forwards)

    def cut_batches(self, texts: Sequence[str]) -> Iterator[tuple[np.ndarray, Any]]:
        """Yield the batches that `encode_batches` runs: positions of texts, and what `run_batch`
        takes, here or in another process."""
        tokens = self._tokenize(texts)
        for rows in cut_token_batches([len(ids) for ids in tokens], self.batch_tokens):
            yield np.asarray(rows), [tokens[row] for row in rows]

    def run_batch(self, batch: Any) -> np.ndarray:
        """The float32 vectors, shape (n, dims), of a batch that `cut_batches` gave."""
        done = run_token_batches(batch, self.batch_tokens, self.forwards)
        return gather_batches(done, len(batch))

    def encode(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        """Yield a float32 vector of shape (dims,) per text, in order."""
        yield from gather_batches(self.encode_batches(texts), len(texts))

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
            truncate: cut off texts that are too long; by default they raise ValueError.
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

    def count_tokens(self, value: str) -> int:
        """Count the tokens of a text, start and end mark included, before any truncation."""
        return len(self._whole_tokenizer.encode(clean_text(value)).ids)

    def find_tokens(self, text: str) -> list[tuple[int, int]]:
        """Where each token of a text begins and ends, in characters, before any truncation."""
        encoding = self._whole_tokenizer.encode(clean_text(text), add_special_tokens=False)
        return [span for span in encoding.offsets if span[1] > span[0]]

    def unload_model(self) -> None:
        """Free the memory of the weights; the next use loads them again."""
        for name in (*_LOADED, "_whole_tokenizer"):
            self.__dict__.pop(name, None)
        gc.collect()

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        for name in (*_LOADED, "_whole_tokenizer"):
            state.pop(name, None)
        return state

    def _tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        clean = [clean_text(self.prompt + text) for text in texts]
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(clean)]

    @cached_property
    def _whole_tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self.tokenizer.to_str())
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @property
    def _cache_name(self) -> str:
        plain = "".join(c if c.isalnum() or c in "-." else "-" for c in self.model_name)
        return f"{plain}_{''.join(filter(str.isalnum, self.revision))[:24]}"

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
