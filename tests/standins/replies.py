"""What the chat server answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field


@dataclass
class Reply:
    """One answer.

    Args:
        text: of the model; or `raw`, the whole body.
        status, headers: of HTTP.
        delay: seconds until it is sent.
        after: it is held back until so many requests have come (20 s at most).
        drop: close the connection instead.
    """

    text: str = ""
    raw: bytes | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    after: int = 0
    drop: bool = False
    finish: str = "stop"
    tokens: tuple[int, int] = (100, 50)

    def build_body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        message = {"role": "assistant", "content": self.text}
        choice = {"index": 0, "finish_reason": self.finish, "message": message}
        tokens_in, tokens_out = self.tokens
        usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}
        usage["total_tokens"] = tokens_in + tokens_out
        whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m"}
        return json.dumps({**whole, "choices": [choice], "usage": usage}).encode()


def refuse(status: int, message: str, code: str = "", **headers: str) -> Reply:
    """An error in OpenAI's shape."""
    raw = json.dumps({"error": {"message": message, "code": code, "type": "error"}}).encode()
    return Reply(
        raw=raw, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
