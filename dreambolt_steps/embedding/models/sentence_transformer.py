"""Any sentence-transformers model on torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dreambolt_steps.embedding.models.agreement import (
    EXACT,
    HALF,
    SAMPLES,
    agree,
    encode_by_library,
)
from dreambolt_steps.embedding.models.local_embedder import LocalEmbedder
from dreambolt_steps.embedding.models.model_folder import find_model_folder, read_own_prompts
from dreambolt_steps.embedding.models.packed_bert import PackedBert, pack_model
from dreambolt_steps.embedding.models.token_batches import Forward
from dreambolt_steps.embedding.models.torch_devices import build_tensors, compute_in, find_devices
from dreambolt_steps.embedding.text_source import clean_text
from dreambolt_steps.errors import ModelError
from dreambolt_steps.log import current_reporter

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

_TEXTS = 256  # that sentence-transformers is handed at a time
_LONGEST = 512  # where neither model nor tokenizer says what it reads


class SentenceTransformerEmbedder(LocalEmbedder):
    """A sentence-transformers model: from a folder, or from the Hugging Face Hub's cache.

    Texts are cut into tokens and batches here, which is quicker. When the model is loaded, a few
    texts are encoded by sentence-transformers as well; where its vectors differ by more than 1e-5,
    it encodes all of them, and that is said.

    Args:
        model: a folder, or a name at the Hub; default the packaged all-MiniLM-L6-v2. Only the Hub
            is asked for a name that is not in its cache.
        revision: of a model at the Hub.
        device: where torch computes: "cuda:0", "mps", "cpu", or a list of them to use all at once;
            default every GPU there is, else the CPU.
        prompt: put before every text, as some models want ("passage: "); by default what the model
            itself has for passages.
        query_prompt: put before a text that is looked for ("query: "), by `search`; by default what
            the model itself has for queries, else `prompt`.
        half: multiply in bfloat16, where the device has it (GPUs, CPUs with AVX-512 BF16 or AMX);
            else float32.
        cache_folder_path: folder of DataDreamer's vector cache for `run`.

    Raises: ModelError, at once, for a folder that is no model, and a name that needs a network that
    is not there.

    Example:
        embedder = SentenceTransformerEmbedder(
            "models/e5-small-v2", prompt="passage: ", query_prompt="query: "
        )
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        revision: str | None = None,
        device: str | list[str] | None = None,
        prompt: str | None = None,
        query_prompt: str | None = None,
        half: bool = False,
        cache_folder_path: str | None = None,
    ) -> None:
        self.folder = find_model_folder(model, revision)
        super().__init__(Path(model).name if model else "all-MiniLM-L6-v2", cache_folder_path)
        own = read_own_prompts(self.folder)
        passages = own[0] if prompt is None else prompt
        self.device, self.prompt, self.half = device, passages, half
        self._query_prompt = own[1] if query_prompt is None and prompt is None else query_prompt

    @cached_property
    def model(self) -> list[SentenceTransformer]:
        """The model, once a device, loaded on first use."""
        return [load_model(self.folder, device) for device in find_devices(self.device)]

    @cached_property
    def forwards(self) -> list[Forward]:
        """The torch model on each device."""
        packed = [pack_model(model[0].auto_model, half=self.half) for model in self.model]
        made = self._combine(packed)
        if any(packed) and not self._agrees(made[0]):
            made = self._combine([None] * len(packed))
        return made

    @cached_property
    def follows_library(self) -> bool:
        """Whether what is done here gives sentence-transformers' vectors."""
        if self._agrees(self.forwards[0]):
            return True
        current_reporter().say(
            f"model {self.model_name} prepares texts in a way of its own, so sentence-transformers "
            "encodes them, which is slower"
        )
        return False

    def encode_batches(
        self, texts: Sequence[str], step: str | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """As of `LocalEmbedder`."""
        if self.follows_library:
            yield from super().encode_batches(texts, step)
            return
        for rows, batch in self.cut_batches(texts):
            yield rows, self.run_batch(batch)

    def cut_batches(self, texts: Sequence[str]) -> Iterator[tuple[np.ndarray, Any]]:
        """As of `LocalEmbedder`."""
        if self.follows_library:
            yield from super().cut_batches(texts)
            return
        for start in range(0, len(texts), _TEXTS):
            clean = [clean_text(text) for text in texts[start : start + _TEXTS]]
            yield np.arange(start, start + len(clean)), clean

    def run_batch(self, batch: Any) -> np.ndarray:
        """As of `LocalEmbedder`."""
        if batch and isinstance(batch[0], str):
            return encode_by_library(self.model[0], batch, self.prompt)
        return super().run_batch(batch)

    def _combine(self, packed: Sequence[PackedBert | None]) -> list[Forward]:
        return [partial(self._forward, *pair) for pair in zip(self.model, packed, strict=True)]

    def _agrees(self, forward: Forward) -> bool:
        ours = np.concatenate([forward([tokens]) for tokens in self._tokenize(SAMPLES)])
        theirs = encode_by_library(self.model[0], SAMPLES, self.prompt)
        return agree(ours, theirs, HALF if self.half else EXACT)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The model's fast tokenizer, cut off where the model stops reading."""
        return open_tokenizer(self.model[0], self.model_max_length)

    @cached_property
    def model_max_length(self) -> int:
        """The number of tokens the model reads."""
        return find_max_length(self.model[0])

    @cached_property
    def dims(self) -> int:
        """The number of floats of one vector."""
        return int(self.model[0].get_sentence_embedding_dimension())

    def _forward(
        self, model: SentenceTransformer, packed: PackedBert | None, tokens: list[list[int]]
    ) -> np.ndarray:
        import torch

        with torch.inference_mode():
            padding = model.tokenizer.pad_token_id or 0
            ids, mask = build_tensors(tokens, padding, str(model.device))
            features: Any = {"input_ids": ids, "attention_mask": mask}
            if packed is not None:
                features["token_embeddings"] = packed.encode(ids, mask)
                for module in list(model)[1:]:
                    features = module(features)
            else:
                with compute_in(self.half, str(model.device)):
                    features = model(features)
            return np.asarray(features["sentence_embedding"].float().cpu().numpy())


def load_model(folder: Path, device: str, **settings: Any) -> SentenceTransformer:
    """Load a model from its folder, and from nowhere else.

    Raises: ModelError when it can't be loaded.
    """
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(
            str(folder), device=device, local_files_only=True, model_kwargs=settings
        )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, ImportError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"the model in {folder} can't be loaded: {reason}") from error
    if not hasattr(model[0], "auto_model") or not hasattr(model.tokenizer, "backend_tokenizer"):
        raise ModelError(
            f"the model in {folder} is no transformer with a fast tokenizer (tokenizer.json); "
            "StaticEmbedder reads static models"
        )
    return model.eval()


def find_max_length(model: SentenceTransformer) -> int:
    """The number of tokens a model reads."""
    told = model.max_seq_length or min(int(model.tokenizer.model_max_length), 1 << 20)
    return told if told < 1 << 20 else _LONGEST


def open_tokenizer(model: SentenceTransformer, longest: int) -> Tokenizer:
    """The fast tokenizer of a model, cut off at `longest` tokens, without padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
    tokenizer.enable_truncation(longest)
    tokenizer.no_padding()
    return tokenizer
