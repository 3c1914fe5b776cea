"""A sentence-transformers model on ONNX Runtime or OpenVINO, in 8 bits where wanted."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from dreambolt_steps.embedding.models.agreement import SAMPLES, agree, encode_by_library
from dreambolt_steps.embedding.models.local_embedder import LocalEmbedder
from dreambolt_steps.embedding.models.model_folder import find_model_folder, read_own_prompts
from dreambolt_steps.embedding.models.onnx_export import INPUTS, OUTPUT, PRECISIONS, export_onnx
from dreambolt_steps.embedding.models.sentence_transformer import load_model
from dreambolt_steps.embedding.models.token_batches import Forward, pad_tokens
from dreambolt_steps.errors import MissingPackageError, ModelError, UsageError
from dreambolt_steps.matching.nearest import normalize

if TYPE_CHECKING:
    from tokenizers import Tokenizer

RUNTIMES = ("onnxruntime", "openvino")
_LEAST_COSINE = 0.85  # of 8 bits with float32, for any text; a text prepared otherwise is further
_PROVIDERS = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "CPUExecutionProvider")


class OnnxEmbedder(LocalEmbedder):
    """A sentence-transformers model on ONNX Runtime or OpenVINO; needs the extra `onnx` (or
    `openvino`).

    The model is exported from its folder when it is first used, pooling and normalising included,
    and kept in ~/.cache/dreambolt/onnx.

    Args:
        model: a folder, or a name in the Hub's cache; default the packaged all-MiniLM-L6-v2.
        precision: "int8" or "float32".
        runtime: "onnxruntime" or "openvino".
        prompt: put before every text, as some models want ("passage: "); by default what the model
            itself has for passages.
        query_prompt: put before a text that is looked for ("query: "), by `search`; by default what
            the model itself has for queries, else `prompt`.
        cache_folder_path: folder of DataDreamer's vector cache for `run`.

    Raises: ModelError, at once, for a folder that is no model, and a package that is missing.

    Example:
        fast = OnnxEmbedder()                      # MiniLM in 8 bits
        exact = OnnxEmbedder("models/bge-small-en-v1.5", precision="float32")
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        precision: str = "int8",
        runtime: str = "onnxruntime",
        prompt: str | None = None,
        query_prompt: str | None = None,
        cache_folder_path: str | None = None,
    ) -> None:
        if precision not in PRECISIONS or runtime not in RUNTIMES:
            raise UsageError(
                f"precision {precision!r} on {runtime!r} is not offered; precision is one of "
                f"{', '.join(PRECISIONS)}, runtime one of {', '.join(RUNTIMES)}"
            )
        self.folder = find_model_folder(model)
        name = Path(model).name if model else "all-MiniLM-L6-v2"
        super().__init__(f"{name} {precision}", cache_folder_path)
        own = read_own_prompts(self.folder)
        passages = own[0] if prompt is None else prompt
        self.precision, self.runtime, self.prompt = precision, runtime, passages
        self._query_prompt = own[1] if query_prompt is None and prompt is None else query_prompt
        _import_runtime(runtime)

    @cached_property
    def forwards(self) -> list[Forward]:
        """The exported model, loaded on first use."""
        path = export_onnx(self.folder, self.revision, self.precision)
        open_model = _open_openvino if self.runtime == "openvino" else _open_onnxruntime
        forward = open_model(path, self._padding)
        self._check_agreement(forward, path)
        return [forward]

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer, cut off where the model stops reading."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(_find_file(self.folder, "tokenizer.json")))
        tokenizer.enable_truncation(self.model_max_length)
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def model_max_length(self) -> int:
        """The number of tokens the model reads."""
        told = _read_json(self.folder, "sentence_bert_config.json").get("max_seq_length")
        own = _read_json(self.folder, "config.json").get("max_position_embeddings", 512)
        return int(told or own)

    @cached_property
    def dims(self) -> int:
        """The number of floats of one vector."""
        (vector,) = self.forwards[0]([self.tokenizer.encode("a").ids])
        return len(vector)

    def _check_agreement(self, forward: Forward, path: Path) -> None:
        """Compare with sentence-transformers, once for each prompt of an exported file.

        Raises: ModelError: the model prepares texts in a way that the file does not hold.
        """
        mark = path.with_suffix(f".{xxhash.xxh3_64_hexdigest(self.prompt.encode())}.agrees")
        if mark.is_file():
            return
        ours = np.concatenate([forward([tokens]) for tokens in self._tokenize(SAMPLES)])
        theirs = encode_by_library(load_model(self.folder, "cpu"), SAMPLES, self.prompt)
        alike = (normalize(ours) * normalize(theirs)).sum(axis=1).min() >= _LEAST_COSINE
        exact = self.precision == "float32" and self.runtime == "onnxruntime"
        if not (agree(ours, theirs) if exact else alike):
            raise ModelError(
                f"the model in {self.folder} prepares texts in a way of its own, and its ONNX form "
                "gives other vectors than sentence-transformers; use SentenceTransformerEmbedder"
            )
        mark.touch()

    @property
    def _padding(self) -> int:
        return int(_read_json(self.folder, "config.json").get("pad_token_id") or 0)


def _import_runtime(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError as error:
        extra = "onnx" if name == "onnxruntime" else "openvino"
        raise MissingPackageError(
            f"{name} is not installed; run: pip install 'dreambolt-steps[{extra}]', or use "
            "SentenceTransformerEmbedder"
        ) from error


def _open_onnxruntime(path: Path, padding: int) -> Forward:
    runtime = _import_runtime("onnxruntime")
    settings = runtime.SessionOptions()
    settings.log_severity_level = 3
    # It asks for every core by itself, also in a worker that has one.
    settings.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    there = runtime.get_available_providers()
    session = runtime.InferenceSession(
        str(path), settings, providers=[name for name in _PROVIDERS if name in there]
    )

    def forward(tokens: list[list[int]]) -> np.ndarray:
        ids, mask = pad_tokens(tokens, padding)
        (vectors,) = session.run([OUTPUT], dict(zip(INPUTS, (ids, mask), strict=True)))
        return np.asarray(vectors)

    return forward


def _open_openvino(path: Path, padding: int) -> Forward:
    # OpenVINO 2025.4 takes bfloat16 by itself where a CPU has it, and gives wrong vectors then.
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = _import_runtime("openvino").Core().compile_model(str(path), "AUTO", settings)

    def forward(tokens: list[list[int]]) -> np.ndarray:
        ids, mask = pad_tokens(tokens, padding)
        found = compiled(dict(zip(INPUTS, (ids, mask), strict=True)))
        return np.array(found[OUTPUT])

    return forward


def _find_file(folder: Path, name: str) -> Path:
    inner = folder / "0_Transformer" / name
    return inner if inner.is_file() else folder / name


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    import json

    path = _find_file(folder, name)
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
