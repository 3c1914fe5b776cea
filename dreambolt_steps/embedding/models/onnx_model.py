"""A sentence-transformers model on ONNX Runtime or OpenVINO, in 8 bits where wanted."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dreambolt_steps.embedding.models.local_embedder import LocalEmbedder
from dreambolt_steps.embedding.models.model_folder import find_model_folder
from dreambolt_steps.embedding.models.onnx_export import INPUTS, OUTPUT, PRECISIONS, export_onnx
from dreambolt_steps.embedding.models.token_batches import Forward, pad_tokens
from dreambolt_steps.errors import MissingPackageError, UsageError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

RUNTIMES = ("onnxruntime", "openvino")
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
        prompt: put before every text, as some models want ("query: ").
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
        prompt: str = "",
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
        self.precision, self.runtime, self.prompt = precision, runtime, prompt
        _import_runtime(runtime)

    @cached_property
    def forwards(self) -> list[Forward]:
        """The exported model, loaded on first use."""
        path = export_onnx(self.folder, self.revision, self.precision)
        open_model = _open_openvino if self.runtime == "openvino" else _open_onnxruntime
        return [open_model(path, self._padding)]

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
