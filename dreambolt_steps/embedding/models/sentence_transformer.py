"""Any sentence-transformers model on torch."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dreambolt_steps.embedding.models.local_embedder import LocalEmbedder
from dreambolt_steps.embedding.models.model_folder import find_model_folder
from dreambolt_steps.embedding.models.packed_bert import PackedBert, pack_model
from dreambolt_steps.embedding.models.token_batches import Forward
from dreambolt_steps.embedding.models.torch_devices import build_tensors, compute_in, find_devices
from dreambolt_steps.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

_LONGEST = 512  # where neither model nor tokenizer says what it reads


class SentenceTransformerEmbedder(LocalEmbedder):
    """A sentence-transformers model: from a folder, or from the Hugging Face Hub's cache.

    Args:
        model: a folder, or a name at the Hub; default the packaged all-MiniLM-L6-v2. Only the Hub
            is asked for a name that is not in its cache.
        revision: of a model at the Hub.
        device: where torch computes: "cuda:0", "mps", "cpu", or a list of them to use all at once;
            default every GPU there is, else the CPU.
        prompt: put before every text, as some models want ("query: ").
        half: multiply in bfloat16, where the device has it (GPUs, CPUs with AVX-512 BF16 or AMX);
            else float32.
        cache_folder_path: folder of DataDreamer's vector cache for `run`.

    Raises: ModelError, at once, for a folder that is no model, and a name that needs a network that
    is not there.

    Example:
        embedder = SentenceTransformerEmbedder("models/bge-small-en-v1.5", prompt="query: ")
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        revision: str | None = None,
        device: str | list[str] | None = None,
        prompt: str = "",
        half: bool = False,
        cache_folder_path: str | None = None,
    ) -> None:
        self.folder = find_model_folder(model, revision)
        super().__init__(Path(model).name if model else "all-MiniLM-L6-v2", cache_folder_path)
        self.device, self.prompt, self.half = device, prompt, half

    @cached_property
    def model(self) -> list[SentenceTransformer]:
        """The model, once a device, loaded on first use."""
        return [load_model(self.folder, device) for device in find_devices(self.device)]

    @cached_property
    def forwards(self) -> list[Forward]:
        """The torch model on each device."""
        packed = [pack_model(model[0].auto_model, half=self.half) for model in self.model]
        return [partial(self._forward, *pair) for pair in zip(self.model, packed, strict=True)]

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
