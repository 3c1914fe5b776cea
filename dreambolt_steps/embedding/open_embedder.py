"""The embedding model that the command line names: the packaged one, a faster form of it, one in a
folder, or one behind a server."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dreambolt_steps.errors import MissingPackageError, ModelError
from dreambolt_steps.settings import require_credentials
from dreambolt_steps.unknown_names import find_closest

SERVER = "server:"
_HALF = "bfloat16"
_PACKAGES = {"onnx": "onnxruntime", "onnx-int8": "onnxruntime", "static": "model2vec"}


def open_embedder(name: str) -> Any:
    """An embedder by its name.

    Args:
        name: empty for the packaged MiniLM; `bfloat16`, `onnx`, `onnx-int8` or `static` for faster
            forms of it;
            `server:MODEL` for a model of OpenAI or of the server in OPENAI_BASE_URL; else a folder
            of a sentence-transformers or model2vec model, or a name at the Hugging Face Hub.

    Raises: UsageError, ModelError, CredentialError: as `check_embedder`.

    Example:
        EmbedColumns("embed", inputs=columns(clean), args={"embedder": open_embedder("onnx")})
    """
    check_embedder(name)
    import dreambolt_steps as steps

    if name in ("", _HALF):
        return steps.MiniLMEmbedder(half=name == _HALF)
    if name.startswith(SERVER):
        return steps.ServerEmbedder(name.removeprefix(SERVER))
    if name == "static" or _is_static(name):
        return steps.StaticEmbedder(None if name == "static" else name)
    if name in _PACKAGES:
        return steps.OnnxEmbedder(precision="int8" if name == "onnx-int8" else "float32")
    return steps.SentenceTransformerEmbedder(name)


def open_query_embedder(name: str) -> Any:
    """An embedder for a text that is looked for: as `open_embedder`, but the packaged MiniLM is
    computed by NumPy, without seconds for torch and DataDreamer.

    Raises: as `open_embedder`.
    """
    if name:
        return open_embedder(name)
    from dreambolt_steps.embedding.models.minilm_query import MiniLMQuery

    return MiniLMQuery()


def name_embedder(embedder: Any) -> str | None:
    """The name by which `open_embedder` opens an embedder like this one, on any machine; None for
    one in a folder, or with settings that a name does not hold."""
    from dreambolt_steps.embedding.models.model_folder import PACKAGED

    names = {
        ("MiniLMEmbedder", PACKAGED): _HALF if getattr(embedder, "half", False) else "",
        ("OnnxEmbedder", f"{PACKAGED} float32"): "onnx",
        ("OnnxEmbedder", f"{PACKAGED} int8"): "onnx-int8",
        ("StaticEmbedder", f"{PACKAGED} static"): "static",
    }
    kind, name = type(embedder).__name__, str(getattr(embedder, "model_name", ""))
    if getattr(embedder, "prompt", "") or getattr(embedder, "dimensions", None):
        return None
    if kind == "ServerEmbedder":
        return f"{SERVER}{name}"
    return names.get((kind, name))


def check_embedder(name: str) -> None:
    """Fail for a model that can't be used, before any work is done; imports nothing heavy.

    Raises:
        UsageError: a package is missing.
        ModelError: a folder is no model, or a name needs a network that is not there.
        CredentialError: OPENAI_API_KEY is not set, and OpenAI is asked.
    """
    import os

    if name.startswith(SERVER):
        if not os.environ.get("OPENAI_BASE_URL"):
            require_credentials("OpenAI")
        return
    package = _PACKAGES.get(name, "model2vec" if _is_static(name) else None)
    if package is not None:
        if find_spec(package) is None:
            extra = "static" if package == "model2vec" else "onnx"
            raise MissingPackageError(
                f"embedder {name} needs {package}; run: pip install 'dreambolt-steps[{extra}]'"
            )
        return
    from dreambolt_steps.embedding.models.model_folder import find_model_folder

    try:
        find_model_folder(None if name in ("", _HALF) else name)
    except ModelError as error:
        meant = find_closest(name, (_HALF, *_PACKAGES))
        if meant is None:
            raise
        raise ModelError(f"did you mean {meant!r}? {error}") from error


def _is_static(name: str) -> bool:
    path = Path(name) / "config.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8")) if name and path.is_file() else {}
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("model_type") == "model2vec"


__all__ = ["check_embedder", "name_embedder", "open_embedder", "open_query_embedder"]
