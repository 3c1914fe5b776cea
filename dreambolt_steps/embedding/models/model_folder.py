"""The files of an embedding model on this machine."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

from dreambolt_steps.embedding.models.weights import find_model_file
from dreambolt_steps.errors import ModelError

PACKAGED = "all-MiniLM-L6-v2"
_ALTERNATIVE = (
    "name a folder that holds a model, or leave the embedder out: the packaged "
    f"{PACKAGED} needs no network"
)
_PASSAGES = ("passage", "document", "corpus", "text")
_QUERIES = ("query", "search_query", "retrieval.query", "web_search_query")
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin", "*/*.safetensors", "*/pytorch_model*.bin")


def find_model_folder(model: str | os.PathLike[str] | None, revision: str | None = None) -> Path:
    """Find the folder of a sentence-transformers or transformers model.

    Args:
        model: a folder; a name at the Hugging Face Hub, which is downloaded if it is not in its
            cache on this machine and the Hub can be reached; None or "all-MiniLM-L6-v2" for the
            packaged model.
        revision: of the Hub's model: a branch, tag or commit.

    Raises: ModelError, at once, for a folder that is no model, and for a name that nothing on this
    machine has while there is no network.
    """
    if model is None or model == PACKAGED:
        return find_model_file("config.json").parent
    folder = Path(model).expanduser()
    if folder.exists():
        _check_folder(folder)
        return folder
    name = str(model)
    if folder.is_absolute() or name.startswith(("./", "../", "~")) or name.count("/") > 1:
        raise ModelError(f"there is no folder {model}; {_ALTERNATIVE}")
    found = _fetch(name, revision)
    _check_folder(found)
    return found


def read_own_prompts(folder: Path) -> tuple[str, str | None]:
    """What a sentence-transformers model wants before passages, and before queries.

    Its `config_sentence_transformers.json` names prompts, and which of them is the default.

    Returns: the prompt of passages ("" for none), and that of queries; None if it has none.
    """
    try:
        told = json.loads((folder / "config_sentence_transformers.json").read_text("utf-8"))
    except (OSError, ValueError):
        return "", None
    prompts = told.get("prompts") if isinstance(told, dict) else None
    prompts = {str(name).lower(): str(text) for name, text in (prompts or {}).items()}
    default = prompts.get(str(told.get("default_prompt_name") or "").lower()) if prompts else None
    passage = next((prompts[name] for name in _PASSAGES if name in prompts), default)
    query = next((prompts[name] for name in _QUERIES if name in prompts), default)
    return passage or "", query


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise ModelError(f"{folder} is a file; a model is a folder of files; {_ALTERNATIVE}")
    for name in ("config.json", "tokenizer.json"):
        inner = "0_Transformer" if (folder / "0_Transformer").is_dir() else "."
        if not any((folder / place / name).is_file() for place in (".", inner)):
            raise ModelError(
                f"{folder} is no model folder: there is no {name} in it; {_ALTERNATIVE}"
            )
    if not any(path for pattern in _WEIGHTS for path in folder.glob(pattern)):
        raise ModelError(
            f"{folder} is no model folder: there are no weights (*.safetensors) in it; "
            f"{_ALTERNATIVE}"
        )


def _fetch(name: str, revision: str | None) -> Path:
    from huggingface_hub import constants, snapshot_download

    others = ["*.onnx", "*.h5", "*.ot", "*.msgpack"]
    fetch = partial(snapshot_download, name, revision=revision, ignore_patterns=others)
    try:
        return Path(fetch(local_files_only=True))
    except (OSError, ValueError) as error:
        if constants.HF_HUB_OFFLINE:
            raise ModelError(
                f"model {name} is not on this machine, and HF_HUB_OFFLINE forbids to fetch it; "
                f"{_ALTERNATIVE}"
            ) from error
    try:
        return Path(fetch(etag_timeout=5))
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"model {name} is not on this machine and can't be fetched ({reason}); {_ALTERNATIVE}"
        ) from error
