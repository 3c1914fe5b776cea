"""One request to an OpenAI-compatible server, and what its outcome means."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dreambolt_steps.errors import CredentialError, DreamboltError, ModelError
from dreambolt_steps.llms.call import Call
from dreambolt_steps.llms.network import find_proxy, make_ssl_context
from dreambolt_steps.llms.traits import Traits

if TYPE_CHECKING:
    import aiohttp

_OVERLOADED = (429, 503, 529)
_TRANSIENT = (408, 409, 425, 500, 502, 504, *_OVERLOADED)
_ACCOUNT_HEADERS = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}
_QUOTA = ("insufficient_quota", "billing", "exceeded your current quota", "credit balance")


@dataclass(frozen=True)
class Completion:
    """A request that was answered: the model's text (which may be empty) and its tokens."""

    text: str
    finish: str | None
    tokens_in: int
    tokens_out: int
    call_id: str | None


@dataclass(frozen=True)
class Trouble:
    """A request that was not answered.

    Attributes:
        reason: in words.
        status: of HTTP; None when there was no answer at all.
        transient: whether the same request may succeed later.
        overloaded: whether the server asks for less.
        retry_after: seconds the server asks to wait.
        fatal: the error for the whole run, where no other call can do better.
        traits: how to ask instead, when the server refused the way it was asked.
    """

    reason: str
    status: int | None = None
    transient: bool = False
    overloaded: bool = False
    retry_after: float | None = None
    fatal: DreamboltError | None = None
    traits: Traits | None = None


class Sender:
    """Sends chat completions with aiohttp: with 32 in flight the openai client spends three times
    the processor time per request, and a core is full at half the rate.

    Args:
        model: its name on the server.
        base_url: of the server, such as https://api.openai.com/v1.
        key: the API key.
        key_name: the environment variable it came from, for messages.
        timeout: seconds until a request without an answer is given up.
        connections: open at a time.
    """

    def __init__(
        self, model: str, base_url: str, key: str, key_name: str, timeout: float, connections: int
    ) -> None:
        self.model, self.base_url, self._key_name = model, base_url, key_name
        self._timeout, self._connections = timeout, connections
        self._url = f"{base_url}/chat/completions"
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        for variable, header in _ACCOUNT_HEADERS.items():  # as the openai client has them
            if value := os.environ.get(variable):
                self._headers[header] = value
        self._session: aiohttp.ClientSession | None = None

    async def send(self, call: Call, traits: Traits) -> Completion | Trouble:
        """Send one request, once."""
        import aiohttp

        body = traits.build_body(self.model, call)
        session = self._session or self._open_session()
        try:
            async with (
                asyncio.timeout(self._timeout),
                session.post(self._url, data=json.dumps(body), proxy=self._proxy) as response,
            ):
                content = await response.read()
        except TimeoutError:
            return Trouble(f"no answer within {self._timeout:g} s", transient=True)
        except (aiohttp.ClientError, OSError) as error:
            told = str(error) or type(error).__name__
            reason = f"connection to {self.base_url} failed: {told}"
            return Trouble(reason, transient=True)
        if response.status < 300:
            return read_completion(content)
        return self._judge(response.status, response.headers, read_body(content), body, traits)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        import aiohttp

        secure = self._url.startswith("https:")
        self._proxy = find_proxy(self._url)
        connector = aiohttp.TCPConnector(
            limit=self._connections, ssl=make_ssl_context() if secure else True
        )
        self._session = aiohttp.ClientSession(
            connector=connector, headers=self._headers, timeout=aiohttp.ClientTimeout()
        )
        return self._session

    def _judge(
        self,
        status: int,
        headers: Mapping[str, str],
        answer: Any,
        body: Mapping[str, Any],
        traits: Traits,
    ) -> Trouble:
        message, code = _read_error(answer)
        reason = f"HTTP {status}: {message}" if message else f"HTTP {status}"
        told = f"{code} {message}".lower()
        if status == 401:
            fatal: DreamboltError = CredentialError(
                f"{self.base_url} refused the key in {self._key_name}: {message}; set a valid one"
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
                f"{self.base_url} refuses model {self.model} to {self._key_name}: {message}"
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


def read_body(content: bytes) -> Any:
    """The body of an answer: JSON, or else its text."""
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")


def read_completion(content: bytes) -> Completion | Trouble:
    """A chat completion from the body of its answer."""
    try:
        data = json.loads(content)
        choice = data["choices"][0]
        text = choice["message"].get("content") or ""
    except (ValueError, LookupError, TypeError, AttributeError):
        shown = content[:80].decode("utf-8", "replace")
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
