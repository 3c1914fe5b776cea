"""Requests for embeddings, on the road of chat completions."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from dreambolt_steps.llms.answer_forms import read_body
from dreambolt_steps.llms.openai.sender import Sender
from dreambolt_steps.llms.openai.server import Server
from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.outcome import Completion, Trouble
from dreambolt_steps.llms.protocol import Call

_TOO_MUCH = (400, 413, 422, 500)
_TOO_MUCH_WORDS = ("batch", "too many", "too long", "too large", "maximum", "length", "context")
_CHARACTERS = 64  # a shorter text is not cut any further


def ask_for(texts: Sequence[str], settings: dict[str, Any]) -> Call:
    """The call for the embeddings of some texts."""
    return Call(json.dumps(list(texts)), settings=settings)


def read_vectors(text: str, count: int) -> np.ndarray:
    """The vectors that an `EmbeddingSender` answered with, float32 of shape (count, dims)."""
    return np.frombuffer(base64.b64decode(text), "<f4").reshape(count, -1)


class EmbeddingSender:
    """Sends requests for embeddings: what a `ChatExchange` needs of a sender.

    A call's prompt is a JSON list of texts, its answer the base64 of their vectors. Where the
    server says that it is too much at once, the request is halved, down to one text, and that one
    too; the size that was taken is kept for the following ones.

    Args: as of `Sender`.
    """

    def __init__(self, server: Server, key: str, timeout: float, connections: int) -> None:
        self._server = server
        self._sender = Sender(server, key, timeout, connections, "/embeddings")
        self._most: int | None = None
        self._format: dict[str, str] = {"encoding_format": "base64"}

    async def send(self, call: Call, traits: Traits) -> Completion | Trouble:
        """Send one request, in as many parts as the server takes."""
        texts = json.loads(call.prompt)
        parts: list[np.ndarray] = []
        tokens, at = 0, 0
        while at < len(texts):
            some = texts[at : at + (self._most or len(texts))]
            found = await self._send_some(some, call.settings, traits)
            if isinstance(found, Trouble):
                if found.fatal is not None or not _is_too_much(found):
                    return found
                if len(some) > 1:
                    self._most = len(some) // 2
                elif len(some[0]) > _CHARACTERS:
                    texts[at] = some[0][: len(some[0]) // 2]
                else:
                    return found
                continue
            vectors, used = found
            parts.append(vectors)
            tokens, at = tokens + used, at + len(some)
        whole = np.concatenate(parts)
        text = base64.b64encode(whole.astype("<f4").tobytes()).decode("ascii")
        return Completion(text, "stop", tokens, 0, None)

    async def close(self) -> None:
        """Close the connections."""
        await self._sender.close()

    async def _send_some(
        self, texts: list[str], settings: Any, traits: Traits
    ) -> tuple[np.ndarray, int] | Trouble:
        body = {"model": self._server.model, "input": texts, **self._format, **settings}
        reply = await self._sender.post(body)
        if isinstance(reply, Trouble):
            return reply
        answer = read_body(reply.content)
        if reply.status < 300:
            return _read_answer(answer, len(texts))
        judged = self._server.judge(reply.status, reply.headers, answer, body, traits)
        assert isinstance(judged, Trouble)
        if self._format and reply.status in (400, 422) and "encoding_format" in judged.reason:
            self._format = {}
            return await self._send_some(texts, settings, traits)
        return judged


def _is_too_much(found: Trouble) -> bool:
    told = found.reason.lower()
    return found.status == 413 or (
        found.status in _TOO_MUCH and any(word in told for word in _TOO_MUCH_WORDS)
    )


def _read_answer(answer: Any, count: int) -> tuple[np.ndarray, int] | Trouble:
    """Vectors and tokens of an answer, its items in the order of the texts."""
    try:
        items = sorted(answer["data"], key=lambda item: item.get("index", 0))
        vectors = np.stack([_read_vector(item["embedding"]) for item in items])
        tokens = int((answer.get("usage") or {}).get("prompt_tokens") or 0)
    except (LookupError, TypeError, ValueError, AttributeError):
        return Trouble(
            f"the server's answer holds no embeddings: {json.dumps(answer)[:80]}", transient=True
        )
    if len(vectors) != count:
        return Trouble(f"the server gave {len(vectors)} embeddings for {count} texts")
    return vectors, tokens


def _read_vector(given: Any) -> np.ndarray:
    if isinstance(given, str):
        return np.frombuffer(base64.b64decode(given), "<f4")
    return np.asarray(given, np.float32)
