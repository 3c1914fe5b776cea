"""How Gemini, Mistral and Anthropic write chat completions: what a stand-in for them needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.standins.chat_server import ChatServer, Reply, read_prompt


@dataclass(frozen=True)
class Provider:
    """One provider.

    Attributes:
        model: as litellm names it.
        key: the variable of its key.
        path: below the server's address, where litellm posts to.
        base: of it, what litellm is told.
        read_prompt: the last message of a request.
        read_schema: the JSON Schema that the answer shall meet; None without one.
        write: the body of an answer.
    """

    model: str
    key: str
    path: str
    base: str
    read_prompt: Callable[[dict[str, Any]], str]
    read_schema: Callable[[dict[str, Any]], Any]
    write: Callable[[str], dict[str, Any]]

    def reply(self, text: str) -> Reply:
        """An answer of the model, for 1,000 tokens in and 100 out."""
        return Reply(raw=json.dumps(self.write(text)).encode())

    def find_base(self, server: ChatServer) -> str:
        """The address to give to litellm."""
        return server.url.removesuffix("/v1") + self.base


def _write_gemini(text: str) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": text}]}
    counts = {"promptTokenCount": 1000, "candidatesTokenCount": 100, "totalTokenCount": 1100}
    candidate = {"content": content, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": "gemini-1.5-flash"}


def _write_mistral(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "tool_calls": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    counts = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    named = {"id": "cmpl-1", "object": "chat.completion", "created": 1, "model": "mistral-small"}
    return {**named, "choices": [choice], "usage": counts}


def _write_anthropic(text: str) -> dict[str, Any]:
    rows = text.startswith("{")  # with a schema litellm asks for the call of a tool
    call = {"type": "tool_use", "id": "toolu_1", "name": "json_tool_call"}
    content = {**call, "input": json.loads(text)} if rows else {"type": "text", "text": text}
    named = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-3-haiku"}
    counts = {"input_tokens": 1000, "output_tokens": 100}
    reason = "tool_use" if rows else "end_turn"
    return {**named, "content": [content], "stop_reason": reason, "usage": counts}


GEMINI = Provider(
    "gemini/gemini-1.5-flash",
    "GEMINI_API_KEY",
    "/v1beta/models/gemini-1.5-flash:generateContent",
    "/v1beta/models/gemini-1.5-flash",
    lambda body: str(body["contents"][-1]["parts"][-1]["text"]),
    lambda body: body["generationConfig"].get("response_schema"),
    _write_gemini,
)
MISTRAL = Provider(
    "mistral/mistral-small-latest",
    "MISTRAL_API_KEY",
    "/v1/chat/completions",
    "/v1",
    read_prompt,
    lambda body: body.get("response_format", {}).get("json_schema", {}).get("schema"),
    _write_mistral,
)
ANTHROPIC = Provider(
    "anthropic/claude-3-haiku-20240307",
    "ANTHROPIC_API_KEY",
    "/v1/messages",
    "",
    lambda body: str(body["messages"][-1]["content"][-1]["text"]),
    lambda body: body["tools"][0]["input_schema"] if "tools" in body else None,
    _write_anthropic,
)
PROVIDERS = (GEMINI, MISTRAL, ANTHROPIC)
