"""The language model that the command line names: OpenAI's, or one behind any server that speaks
its protocol."""

from __future__ import annotations

import logging
import os
from typing import Any

from dreambolt_steps.settings import require_credentials


def open_language_model(name: str) -> Any:
    """DataDreamer's `OpenAI` for a model, at OPENAI_BASE_URL if that is set.

    It does not retry: with retries DataDreamer 0.46.0 tries for ever, also with a key that is
    refused. Answers that came before a failure are cached, so the next run goes on from there.

    Args:
        name: such as gpt-4o-mini.

    Raises:
        CredentialError: OPENAI_API_KEY is not set.

    Example:
        llm = open_language_model("gpt-4o-mini")
        SuggestSchema("suggest schema", inputs=columns(clean), args={"llm": llm})
    """
    require_credentials("OpenAI")
    from dreambolt_steps.fast_import import import_datadreamer

    import_datadreamer()
    from datadreamer.llms import OpenAI

    server = os.environ.get("OPENAI_BASE_URL")
    # It would tell of retries that there are none of, whatever the session's level.
    logging.getLogger("datadreamer.OpenAI.retry").disabled = True
    model = OpenAI(model_name=name, base_url=server, retry_on_fail=False)
    if server:
        # Models of other servers have vocabularies of their own, and DataDreamer would download
        # OpenAI's to count with.
        model.__dict__["tokenizer"] = _RoughTokenizer()
    return model


class _RoughTokenizer:
    """Counts more tokens than any vocabulary needs; DataDreamer only asks whether a prompt fits."""

    def encode(self, text: str) -> list[int]:
        """A token for every two bytes."""
        return [0] * (len(text.encode()) // 2 + 1)


__all__ = ["open_language_model"]
