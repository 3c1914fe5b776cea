"""A stable text of everything about a model that changes what it answers."""

from __future__ import annotations

import inspect
import json
import os
import re
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import xxhash

_SECRET = re.compile(
    r"key|token(?!iz)|secret|passw|pwd|credential|authori[sz]ation|cookie", re.IGNORECASE
)
_COUNT_OF_TOKENS = re.compile(r"tokens(_|$)", re.IGNORECASE)
_RUN_TIME = frozenset(
    {
        "adaptive_batch_sizes",
        "batch_size",
        "batch_scheduler_buffer_size",
        "cache_folder_path",
        "client",
        "device",
        "device_map",
        "executor_pools",
        "http_client",
        "max_retries",
        "max_workers",
        "model",
        "pool",
        "progress_interval",
        "retry_on_fail",
        "retry_wrapper",
        "timeout",
        "tokenizer",
        "verbose",
        # DataDreamer 0.46 asks the Hub for this one, so it differs offline; `model_name` says the
        # same.
        "hf_model_name",
    }
)
_MAX_DEPTH = 6
# Vectors and paid answers are kept under the name of the class, so that it must outlive every move
# of a file. These classes keep the path that they had in version 0.1; a class that came later is
# known by its own name.
_PACKAGE = __name__.partition(".")[0]
_FIRST_PATHS = {
    "MiniLMEmbedder": "embedding.minilm",
    "OnnxEmbedder": "embedding.onnx_model",
    "SentenceTransformerEmbedder": "embedding.sentence_transformer",
    "ServerEmbedder": "embedding.server_model",
    "StaticEmbedder": "embedding.static_model",
    "ChatModel": "llms.chat_model",
    "LiteLLMModel": "llms.litellm_model",
    "LocalModel": "llms.local_model",
}


def identify_model(model: Any) -> str:
    """Return a text that is equal for two models exactly when their settings promise equal answers.

    It holds the class, its version, DataDreamer's cache name and all public settings (name, dtype,
    base_url, keyword arguments...). It leaves out secrets (by name: key, token, secret,
    password...; user names in URLs) and run-time state (loaded models, clients, locks, cache
    folders, batch sizes, retries, devices). A setting that names a local folder or file counts with
    its contents. Models run in parallel count as one of them.

    Args:
        model: any DataDreamer Embedder or LLM, or an object like them.

    Returns: JSON on one line with sorted keys, safe to store and show.

    Example:
        >>> identify_model(MiniLMEmbedder())
        '{"cache_name": "all-MiniLM-L6-v2_...", "class": "dreambolt_steps...MiniLMEmbedder", ...}'
    """
    return json.dumps(_describe_model(model), sort_keys=True, ensure_ascii=False)


def _describe_model(model: Any, depth: int = 0) -> Any:
    replicas = getattr(model, "cachables", None)
    if isinstance(replicas, list) and replicas:
        described = {
            json.dumps(_describe_model(replica, depth + 1), sort_keys=True): replica
            for replica in replicas
        }
        answers = [json.loads(text) for text in sorted(described)]
        return answers[0] if len(answers) == 1 else answers
    settings = dict(_public_settings(model))
    if "base_url" in settings and settings["base_url"] is None:
        # The openai client takes its server from here when none is given.
        settings["base_url"] = os.environ.get("OPENAI_BASE_URL")
    return {
        "class": _qualify(type(model)),
        "version": _describe(getattr(model, "version", None), depth + 1),
        "cache_name": _describe(getattr(model, "_cache_name", None), depth + 1),
        "settings": _describe(settings, depth + 1),
    }


def _public_settings(model: Any) -> list[tuple[str, Any]]:
    """List the attributes given to a model, without those it computes for itself."""
    return [
        (name, value)
        for name, value in vars(model).items()
        if not name.startswith("_")
        and not isinstance(inspect.getattr_static(type(model), name, None), cached_property)
    ]


def _describe(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str | os.PathLike):
        return _describe_text(os.fspath(value))
    if isinstance(value, bytes):
        return f"xxh3-{xxhash.xxh3_128_hexdigest(value)}"
    if depth > _MAX_DEPTH:
        return _qualify(type(value))
    if isinstance(value, dict):
        return {
            str(name): _describe(inner, depth + 1)
            for name, inner in value.items()
            if not _is_hidden(str(name), inner)
        }
    if isinstance(value, list | tuple):
        return [_describe(inner, depth + 1) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted((_describe(inner, depth + 1) for inner in value), key=json.dumps)
    if isinstance(value, Enum):
        return f"{_qualify(type(value))}.{value.name}"
    if isinstance(value, type) or inspect.isroutine(value):
        return _qualify(value)
    if hasattr(value, "_cache_name"):
        return _describe_model(value, depth + 1)
    if type(value).__repr__ is object.__repr__:  # it would show a memory address
        inner = (
            _describe(dict(_public_settings(value)), depth + 1)
            if hasattr(value, "__dict__")
            else {}
        )
        return {"class": _qualify(type(value)), "settings": inner}
    return _describe_text(repr(value))


def _describe_text(text: str) -> str:
    if "://" in text:
        return _hide_in_url(text)
    if os.sep in text and (path := Path(text)).exists():
        return f"{path.name} {hash_contents(path)}"
    return text


def _hide_in_url(text: str) -> str:
    try:
        url = urlsplit(text)
    except ValueError:
        return text
    query = [pair for pair in parse_qsl(url.query, True) if not _SECRET.search(pair[0])]
    host = url.netloc.rpartition("@")[2]
    return urlunsplit((url.scheme, host, url.path, urlencode(query), ""))


def hash_contents(path: Path) -> str:
    """Hash a file, or all files of a folder with their names."""
    digest = xxhash.xxh3_128()
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    for file in files:
        digest.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            while content := stream.read(1 << 24):
                digest.update(content)
    return f"xxh3-{digest.hexdigest()}"


def _is_hidden(name: str, value: Any) -> bool:
    if name in _RUN_TIME:
        return True
    if _COUNT_OF_TOKENS.search(name) and isinstance(value, int | float | None):
        return False  # max_tokens, max_new_tokens: numbers that change the answer
    return _SECRET.search(name) is not None


def _qualify(thing: Any) -> str:
    """Name a class or function, ours without the file it lies in: that may move."""
    module, name = getattr(thing, "__module__", None) or "", getattr(thing, "__qualname__", thing)
    if module.partition(".")[0] != _PACKAGE:
        return f"{module}.{name}"
    return ".".join(filter(None, (_PACKAGE, _FIRST_PATHS.get(name), name)))
