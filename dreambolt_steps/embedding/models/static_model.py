"""Static models (model2vec): a vector a token, looked up and averaged; no network is run."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from dreambolt_steps.embedding.models.local_embedder import LocalEmbedder
from dreambolt_steps.embedding.models.model_folder import PACKAGED, find_model_folder
from dreambolt_steps.embedding.models.token_batches import Forward
from dreambolt_steps.embedding.text_source import clean_text
from dreambolt_steps.errors import MissingPackageError, ModelError
from dreambolt_steps.log import current_reporter
from dreambolt_steps.model_identity import hash_contents
from dreambolt_steps.user_cache import find_cache

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BATCH_TEXTS = 1024
_LONGEST = 1 << 20


class StaticEmbedder(LocalEmbedder):
    """A static model in model2vec's format; needs the extra `static`.

    A hundred times as fast as a transformer, and deaf to the order of words: for names, titles and
    other short texts. Without a folder the packaged all-MiniLM-L6-v2 is distilled, once, into
    ~/.cache/dreambolt/static (half a minute).

    Args:
        model: folder of a static model, as `distill_static` or model2vec writes it.
        cache_folder_path: folder of DataDreamer's vector cache for `run`.

    Raises: ModelError, at once, when the package is missing or the folder holds no such model.

    Example:
        embedder = StaticEmbedder(distill_static("models/bge-small-en-v1.5", "models/static"))
    """

    def __init__(
        self, model: str | Path | None = None, cache_folder_path: str | None = None
    ) -> None:
        _import_model2vec()
        if model is None:
            source = find_model_folder(None)
            made = find_cache("static", hash_contents(source).removeprefix("xxh3-"))
            self.folder = made if made.is_dir() else distill_static(None, made)
        else:
            self.folder = Path(model).expanduser()
        if not all((self.folder / name).is_file() for name in ("model.safetensors", "config.json")):
            raise ModelError(
                f"{self.folder} is no static model: it has no model.safetensors beside a "
                "config.json; make one with distill_static"
            )
        name = f"{PACKAGED} static" if model is None else self.folder.name
        super().__init__(name, cache_folder_path)

    def count_threads(self) -> int:
        """One: vectors are looked up."""
        return 1

    @property
    def wants_gpu(self) -> bool:
        """A GPU has nothing to do."""
        return False

    @cached_property
    def model(self) -> Any:
        """model2vec's StaticModel, loaded on first use."""
        return _import_model2vec().StaticModel.from_pretrained(str(self.folder))

    def encode_batches(
        self, texts: Sequence[str], step: str | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield positions and vectors of 1,024 texts at a time."""
        for positions, part in self.cut_batches(texts):
            yield positions, self.run_batch(part)

    def cut_batches(self, texts: Sequence[str]) -> Iterator[tuple[np.ndarray, Any]]:
        """Yield positions and texts, 1,024 at a time."""
        for start in range(0, len(texts), _BATCH_TEXTS):
            part = [clean_text(text) for text in texts[start : start + _BATCH_TEXTS]]
            yield np.arange(start, start + len(part)), part

    def run_batch(self, batch: Any) -> np.ndarray:
        """The float32 vectors, shape (n, dims), of a batch."""
        vectors = self.model.encode(batch, max_length=None, use_multiprocessing=False)
        return np.asarray(vectors, np.float32)

    @property
    def forwards(self) -> list[Forward]:
        """None: nothing is run."""
        return []

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer."""
        return self.model.tokenizer

    @property
    def model_max_length(self) -> int:
        """Any number of tokens is read."""
        return _LONGEST

    @cached_property
    def dims(self) -> int:
        """The number of floats of one vector."""
        return int(self.model.dim)


def distill_static(model: str | None, target: str | Path, dims: int = 256) -> Path:
    """Make a static model of a transformer: each token of its vocabulary is encoded alone.

    Args:
        model: a folder, or a name in the Hub's cache; None for the packaged MiniLM.
        target: the new folder.
        dims: of its vectors, by PCA; at most those of the model.

    Returns: the new folder.
    Raises: ModelError when the model is none, or the packages are missing.
    """
    source, target = find_model_folder(model), Path(target)
    _import_model2vec()
    try:
        from model2vec.distill import distill_from_model
    except ImportError as error:
        raise MissingPackageError(
            f"distilling needs more packages ({error}); run: pip install 'dreambolt-steps[static]'"
        ) from error
    from transformers import AutoModel, AutoTokenizer

    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if target.is_dir():
            return target
        name = PACKAGED if model is None else source.name
        current_reporter().say(
            f"distilling {name} into a static model, once on this machine: about half a minute"
        )
        # A progress bar of its own would run through the session's.
        with contextlib.redirect_stderr(io.StringIO()):
            distilled = distill_from_model(
                AutoModel.from_pretrained(source, local_files_only=True),
                AutoTokenizer.from_pretrained(source, local_files_only=True),
                pca_dims=dims,
                device="cpu",
            )
        partial = target.with_name(f".{target.name}.partial")
        distilled.save_pretrained(str(partial))
        partial.replace(target)
    return target


def _import_model2vec() -> Any:
    try:
        import model2vec
    except ImportError as error:
        raise MissingPackageError(
            "model2vec is not installed; run: pip install 'dreambolt-steps[static]', or leave the "
            "embedder out for the packaged MiniLM"
        ) from error
    return model2vec
