"""A sentence-transformers model as an ONNX file, pooling and all, made once and kept."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from filelock import FileLock

from dreambolt_steps.errors import MissingPackageError, ModelError
from dreambolt_steps.user_cache import find_cache

PRECISIONS = ("int8", "float32")
INPUTS, OUTPUT = ("input_ids", "attention_mask"), "sentence_embedding"
_OPSET = 17


def export_onnx(folder: Path, revision: str, precision: str) -> Path:
    """Find the ONNX file of a model, or make it.

    Args:
        folder: of the sentence-transformers model.
        revision: hash of its files; names the copy.
        precision: "float32", or "int8": weights of matrices in 8 bits, a scale a column, and what
            flows through them quantised as it comes.

    Returns: the file, in the cache of this package.
    Raises: ModelError when the model can't be exported.
    """
    home = find_cache("onnx", revision.removeprefix("xxh3-"))
    path = home / f"{precision}.onnx"
    if path.is_file():
        return path
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "lock"):
        if path.is_file():
            return path
        scratch = Path(mkdtemp(dir=home))
        try:
            made = scratch / "float32.onnx"
            _export(folder, made)
            if precision == "int8":
                made = _quantize(made, scratch / "int8.onnx")
            made.replace(path)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return path


def _export(folder: Path, path: Path) -> None:
    import torch

    from dreambolt_steps.embedding.models.sentence_transformer import load_model

    model = load_model(folder, "cpu", attn_implementation="eager")

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            return self.inner(features)[OUTPUT]

    example = torch.ones(2, 8, dtype=torch.long)
    sizes = {0: "texts", 1: "tokens"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                Whole(),
                (example, example),
                str(path),
                input_names=list(INPUTS),
                output_names=[OUTPUT],
                dynamic_axes={**dict.fromkeys(INPUTS, sizes), OUTPUT: {0: "texts"}},
                opset_version=_OPSET,
                dynamo=False,  # the newer exporter needs onnxscript
            )
    except Exception as error:  # torch raises many kinds
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"the model in {folder} can't be exported to ONNX: {reason}; use "
            "SentenceTransformerEmbedder"
        ) from error


def _quantize(source: Path, path: Path) -> Path:
    import logging

    try:
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as error:
        raise MissingPackageError(
            f"int8 needs the packages onnx and onnxruntime ({error}); run: "
            "pip install 'dreambolt-steps[onnx]'"
        ) from error
    root = logging.getLogger()
    level = root.level
    root.setLevel(max(level, logging.ERROR))  # onnxruntime 1.32 advises on the root logger
    try:
        quantize_dynamic(
            source,
            path,
            per_channel=True,
            reduce_range=True,  # without VNNI, sums of full 8 bits overflow
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul"],
        )
    finally:
        root.setLevel(level)
    return path
