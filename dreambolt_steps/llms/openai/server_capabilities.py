"""What a server and its model accept, found out by asking once and remembered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from dreambolt_steps.llms.protocol import Call

FORMATS = ("strict_schema", "json_schema", "json_object", "text")


@dataclass(frozen=True)
class Traits:
    """How requests to one model of one server have to look.

    Attributes:
        answer_format: the best of `FORMATS` that is not known to be refused: a JSON Schema that is
            followed strictly, one that is followed, any JSON object, plain text.
        limit_name: the field that limits the tokens of an answer.
        takes_temperature: whether another temperature than 1 may be asked for.
    """

    answer_format: str = FORMATS[0]
    limit_name: str = "max_tokens"
    takes_temperature: bool = True

    def to_text(self) -> str:
        """As one text, to be kept."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_text(text: str) -> Traits:
        """What `to_text` gave."""
        return Traits(**json.loads(text))

    def build_body(self, model: str, call: Call) -> dict[str, Any]:
        """The body of a chat completion request."""
        messages = [{"role": "user", "content": call.prompt}]
        if call.system:
            messages.insert(0, {"role": "system", "content": call.system})
        body: dict[str, Any] = {"model": model, "messages": messages, **call.settings}
        if not self.takes_temperature and body.get("temperature") == 1:
            del body["temperature"]
        if call.max_tokens is not None:
            body[self.limit_name] = call.max_tokens
        if call.schema is not None and self.answer_format != "text":
            body["response_format"] = self._describe_format(call.schema)
        return body

    def _describe_format(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        if self.answer_format == "json_object":
            return {"type": "json_object"}
        strict = self.answer_format == "strict_schema"
        wanted = {"name": "answer", "schema": schema, "strict": strict}
        return {"type": "json_schema", "json_schema": wanted}

    def adapt(self, status: int, message: str, body: Mapping[str, Any]) -> Traits | None:
        """Other traits, after a request was refused for what it asked for; None if it was not.

        Args:
            status: of HTTP.
            message: the server's words, with the name of the field where it gives one.
            body: of the refused request.

        >>> words = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        >>> Traits().adapt(400, words, {"max_tokens": 9}).limit_name
        'max_completion_tokens'
        """
        if status not in (400, 404, 415, 422, 500, 501):
            return None
        words = message.lower()
        if self.limit_name in body and "max_completion_tokens" in words and "max_tokens" in words:
            other = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
            return replace(self, limit_name=other[self.limit_name])
        if body.get("temperature") == 1 and "temperature" in words and self.takes_temperature:
            return replace(self, takes_temperature=False)
        about_format = any(
            word in words for word in ("response_format", "json_schema", "schema", "grammar")
        )
        if about_format and "response_format" in body and self.answer_format != FORMATS[-1]:
            return replace(self, answer_format=FORMATS[FORMATS.index(self.answer_format) + 1])
        return None
