"""The language model that the command line names: one in this process, OpenAI's, or one behind any
server that speaks its protocol."""

from __future__ import annotations

import os
from typing import Any

from dreambolt_steps.settings import require_credentials

LOCAL = "local"


def open_language_model(name: str) -> Any:
    """A model by its name.

    Args:
        name: `local` for the packaged model that runs in this process, a GGUF file for another one,
            else a model of OpenAI or of the server in OPENAI_BASE_URL, such as gpt-4.1-mini.

    Raises:
        CredentialError: OPENAI_API_KEY is not set, and OpenAI is asked.
        ModelError: a package or file of a local model is missing.

    Example:
        llm = open_language_model("gpt-4.1-mini")
        SuggestSchema("suggest schema", inputs=columns(clean), args={"llm": llm})
    """
    check_language_model(name)
    from dreambolt_steps import ChatModel, LocalModel

    if not is_local(name):
        return ChatModel(name)
    return LocalModel(None if name == LOCAL else name)


def is_local(name: str) -> bool:
    """Whether a model runs in this process."""
    return name == LOCAL or name.endswith(".gguf")


def check_language_model(name: str) -> None:
    """Fail for a model that can't be asked, before any work is done; imports nothing heavy.

    Raises: CredentialError: OPENAI_API_KEY is not set, and OpenAI is asked.
    """
    if not is_local(name) and not os.environ.get("OPENAI_BASE_URL"):
        require_credentials("OpenAI")


__all__ = ["check_language_model", "is_local", "open_language_model"]
