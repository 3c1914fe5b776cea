"""The language model that the command line names: one in this process, OpenAI's, one behind any
server that speaks its protocol, or another provider's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dreambolt_steps.errors import UsageError
from dreambolt_steps.llms.llama_cpp.files import check_local_model
from dreambolt_steps.settings import require_credentials

LOCAL = "local"
LITELLM = "litellm:"


def open_language_model(
    name: str, mode: str = "live", extra_body: Mapping[str, Any] | None = None
) -> Any:
    """A model by its name.

    Args:
        name: `local` for the packaged model that runs in this process, a GGUF file for another one,
            `litellm:PROVIDER/NAME` for one that litellm asks, such as
            litellm:gemini/gemini-2.0-flash, else a model of OpenAI or of the server in
            OPENAI_BASE_URL, such as gpt-4.1-mini.
        mode: live or batch, as `ChatModel` has it.
        extra_body: more fields of every request, as `ChatModel` has them.

    Raises:
        CredentialError: OPENAI_API_KEY is not set, and OpenAI is asked.
        UsageError: the model has no batch mode or takes no more fields, or litellm knows no such
            provider.
        ModelError: a package or file of a local model is missing.

    Example:
        llm = open_language_model("gpt-4.1-mini")
        SuggestSchema("suggest schema", inputs=columns(clean), args={"llm": llm})
    """
    check_language_model(name)
    from dreambolt_steps import ChatModel, LiteLLMModel, LocalModel

    is_other = name.startswith(LITELLM)
    if not is_local(name) and not is_other:
        return ChatModel(name, mode=mode, extra_body=extra_body)
    if extra_body:
        told = ", ".join(extra_body)
        raise UsageError(f"model {name} takes no fields of its own ({told}); leave --llm-arg out")
    if mode != "live":
        place = "is asked through litellm" if is_other else "runs in this process"
        raise UsageError(f"model {name} {place}, which has no mode {mode}")
    if is_other:
        return LiteLLMModel(name.removeprefix(LITELLM))
    return LocalModel(None if name == LOCAL else name)


def is_local(name: str) -> bool:
    """Whether a model runs in this process."""
    return name == LOCAL or name.endswith(".gguf")


def check_language_model(name: str, *, ask: bool = False) -> None:
    """Fail for a model that can't be asked, before any work is done; DataDreamer is not imported.

    Args:
        name: as `open_language_model` takes it.
        ask: ask its server whether it is there, takes the key, and has the model.

    Raises:
        CredentialError: a key is not set (OPENAI_API_KEY where OpenAI is asked), or is refused.
        ModelError: a package, file, server or model is missing.
        UsageError: litellm knows no such provider.
    """
    if is_local(name):
        check_local_model(None if name == LOCAL else name)
        return
    if name.startswith(LITELLM):
        from dreambolt_steps.llms.litellm.provider import check_provider

        check_provider(name.removeprefix(LITELLM))
        return
    if not os.environ.get("OPENAI_BASE_URL"):
        require_credentials("OpenAI")
    if ask:
        from dreambolt_steps.llms.openai.model_check import check_model
        from dreambolt_steps.llms.openai.server import Server, choose_url

        server = Server(name, choose_url(), "OPENAI_API_KEY")
        check_model(name, server.base_url, server.read_key(), server.key_name)


__all__ = ["check_language_model", "is_local", "open_language_model"]
