"""One request through litellm, which speaks the protocols of many providers."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dreambolt_steps.llms.openai.server import Server
from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.outcome import Completion, Trouble
from dreambolt_steps.llms.protocol import Call

_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)", re.IGNORECASE)
_SHORTEST_SECRET = 6
_BY_OPENAI = frozenset({"mistral", "deepseek", "perplexity", "together_ai", "xai"})
"""Providers that litellm asks through the openai client, which tries twice more by itself: litellm
1.57.8 drops the setting that says how often."""


def import_litellm() -> Any:
    """litellm, which is told to download no table of prices and to print no advice."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import litellm
    # litellm 1.57 has pydantic write answers that its own classes do not fit
    warnings.filterwarnings("ignore", "Pydantic serializer warnings", UserWarning)
    litellm.suppress_debug_info = True
    return litellm


class LiteLLMSender:
    """Sends calls through `litellm.completion`, each in a thread of a pool: its asynchronous
    clients are kept for all event loops of a process, and work in the first one only.

    Args:
        server: the model as litellm names it, and who is asked, for messages.
        api_base: another address than the provider's own, as litellm takes it.
        timeout: seconds until a request without an answer is given up.
        connections: requests at a time.
    """

    def __init__(
        self, server: Server, api_base: str | None, timeout: float, connections: int
    ) -> None:
        self._server, self._api_base, self._timeout = server, api_base, timeout
        self._pool = ThreadPoolExecutor(connections, "dreambolt-litellm")
        self._litellm = import_litellm()
        self._client = self._open_client()

    async def send(self, call: Call, traits: Traits) -> Completion | Trouble:
        """Send one call, once."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._ask, call, traits)

    async def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            self._client.close()

    def _open_client(self) -> Any:
        """A client that asks once, where litellm would take one that does not."""
        found = self._litellm.get_llm_provider(self._server.model, api_base=self._api_base)
        _, provider, key, base = found
        if provider not in _BY_OPENAI or not key:
            return None
        import openai

        return openai.OpenAI(api_key=key, base_url=base, max_retries=0)

    def _ask(self, call: Call, traits: Traits) -> Completion | Trouble:
        body = self._server.build_body(call, traits)
        sent = json.loads(json.dumps(body))  # litellm changes the schema that it is given
        try:
            found = self._litellm.completion(
                **sent,
                api_base=self._api_base,
                timeout=self._timeout,
                max_retries=0,
                client=self._client,
            )
        except Exception as error:
            return read_trouble(error, self._server, body, traits)
        return self._server.judge(200, {}, found.model_dump(warnings=False), body, traits)


def read_trouble(
    error: Exception, server: Server, body: Mapping[str, Any], traits: Traits
) -> Trouble:
    """What an error of litellm means.

    Args:
        error: as litellm raised it.
        server: that was asked.
        body, traits: of the request.
    """
    text = hide_secrets(str(error))
    status, kind = getattr(error, "status_code", None), type(error).__name__
    if not isinstance(status, int) or kind in ("APIConnectionError", "Timeout"):
        reason = f"{server.base_url} gave no answer: {_shorten(text)}"
        return Trouble(reason, transient=True)
    headers = getattr(error, "litellm_response_headers", None) or {}
    outcome = server.judge(status, headers, _read_body(text), body, traits)
    assert isinstance(outcome, Trouble)
    return outcome


def hide_secrets(text: str) -> str:
    """A text without the values of environment variables that hold keys: litellm's errors may
    quote an address with the key in it."""
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST_SECRET and _SECRET.search(name):
            text = text.replace(value, "***")
    return text


def _read_body(text: str) -> Any:
    """The body of the provider's answer, from the words that litellm puts it into."""
    body = text[text.find("{") : text.rfind("}") + 1]
    for read in (json.loads, ast.literal_eval):
        try:
            return read(body)
        except (ValueError, SyntaxError):
            continue
    return _shorten(text)


def _shorten(text: str) -> str:
    return " ".join(text.removeprefix("litellm.").split())[:300]
