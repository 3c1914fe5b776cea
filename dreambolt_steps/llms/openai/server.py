"""One model at one server: what its answers and its errors mean."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dreambolt_steps.errors import CredentialError, DreamboltError, ModelError
from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.outcome import Completion, Trouble

OPENAI = "https://api.openai.com/v1"
_OVERLOADED = (429, 503, 529)
_TRANSIENT = (408, 409, 425, 500, 502, 504, *_OVERLOADED)
_QUOTA = ("insufficient_quota", "billing", "exceeded your current quota", "credit balance")


@dataclass(frozen=True)
class Server:
    """A model behind a server.

    Attributes:
        model: its name there.
        base_url: of the server, such as https://api.openai.com/v1.
        key_name: the environment variable that the key comes from, for messages.
    """

    model: str
    base_url: str
    key_name: str

    def read_key(self) -> str:
        """The API key, or `none` for a server that may do without.

        Raises: CredentialError: OpenAI's own server needs one.
        """
        key = os.environ.get(self.key_name)
        if not key and self.base_url == OPENAI:
            raise CredentialError(f"{self.key_name} not set; set it in the environment or in .env")
        return key or "none"

    def read(
        self,
        status: int,
        headers: Mapping[str, str],
        content: bytes,
        body: Mapping[str, Any],
        traits: Traits,
    ) -> Completion | Trouble:
        """What an answer to a chat completion request means.

        Args:
            status, headers, content: of the answer.
            body: of the request.
            traits: that it was made with.
        """
        return self.judge(status, headers, read_body(content), body, traits)

    def judge(
        self,
        status: int,
        headers: Mapping[str, str],
        answer: Any,
        body: Mapping[str, Any],
        traits: Traits,
    ) -> Completion | Trouble:
        """As `read`, of an answer that was read as JSON already."""
        if status < 300:
            return read_completion(answer)
        message, code = _read_error(answer)
        reason = f"HTTP {status}: {message}" if message else f"HTTP {status}"
        told = f"{code} {message}".lower()
        if status == 401:
            fatal: DreamboltError = CredentialError(
                f"{self.base_url} refused the key in {self.key_name}: {message}; set a valid one"
            )
            return Trouble(reason, status, fatal=fatal)
        if status in (402, 403, 429) and any(word in told for word in _QUOTA):
            fatal = ModelError(
                f"the quota at {self.base_url} is used up: {message}; answered calls are kept, "
                "run the same again when there is some"
            )
            return Trouble(reason, status, fatal=fatal)
        if status == 403:
            fatal = CredentialError(
                f"{self.base_url} refuses model {self.model} to {self.key_name}: {message}"
            )
            return Trouble(reason, status, fatal=fatal)
        if (other := traits.adapt(status, f"{code} {message}", body)) is not None:
            return Trouble(reason, status, traits=other)
        if status == 404:
            fatal = ModelError(
                f"{self.base_url} has no model {self.model}: {message or 'not found'}; "
                "check the name and the server's address"
            )
            return Trouble(reason, status, fatal=fatal)
        return Trouble(
            reason,
            status,
            transient=status in _TRANSIENT,
            overloaded=status in _OVERLOADED,
            retry_after=_read_seconds(headers),
        )


def choose_url(base_url: str | None = None) -> str:
    """A server's address: as it is told, else OPENAI_BASE_URL, else OpenAI's own."""
    return (base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI).rstrip("/")


def read_body(content: bytes) -> Any:
    """The body of an answer: what its JSON holds, or its text if it is none."""
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")


def read_completion(data: Any) -> Completion | Trouble:
    """A chat completion from the body of its answer."""
    try:
        choice = data["choices"][0]
        text = choice["message"].get("content") or ""
    except (LookupError, TypeError, AttributeError):
        shown = (data if isinstance(data, str) else json.dumps(data))[:80]
        return Trouble(f"the server's answer is no chat completion: {shown!r}", transient=True)
    if refusal := choice["message"].get("refusal"):
        return Trouble(f"the model refused: {refusal}")
    usage = data.get("usage") or {}
    return Completion(
        text=text,
        finish=choice.get("finish_reason"),
        tokens_in=int(usage.get("prompt_tokens") or 0),
        tokens_out=int(usage.get("completion_tokens") or 0),
        call_id=data.get("id"),
    )


def _read_error(answer: Any) -> tuple[str, str]:
    """Message and code (with the field at fault) of an error, whatever its shape."""
    inner = answer.get("error", answer) if isinstance(answer, dict) else answer
    if not isinstance(inner, dict):
        return str(inner or "")[:300], ""
    message = str(inner.get("message") or inner.get("detail") or "")[:300]
    return message, f"{inner.get('code') or inner.get('type') or ''} {inner.get('param') or ''}"


def _read_seconds(headers: Mapping[str, str]) -> float | None:
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * scale)
        except (KeyError, ValueError):
            continue
    return None
