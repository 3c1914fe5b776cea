"""What a server and its model accept, found out by asking once and remembered."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from dreambolt_steps.llms.protocol import Call

FORMATS = ("strict_schema", "json_schema", "json_object", "text")


_REFUSING = (
    "unsupported",
    "not support",
    "n't support",
    "unrecognized",
    "unknown",
    "unexpected",
    "not permitted",
    "not allowed",
    "not available",
    "only the default",
    "deprecated",
    "extra inputs",
    "extra fields",
    "additional properties",
    "invalid parameter",
    "invalid argument",
    "cannot be",
    "must be",
    "must not",
)
_FORMAT_WORDS = ("response_format", "json_schema", "json_object", "structured output", "grammar")
_LIMITS = ("max_tokens", "max_completion_tokens")
_NEVER_DROPPED = frozenset({"model", "messages", "response_format", "stream", *_LIMITS})


@dataclass(frozen=True)
class Traits:
    """How requests to one model of one server have to look.

    Attributes:
        answer_format: the best of `FORMATS` that is not known to be refused: a JSON Schema that is
            followed strictly, one that is followed, any JSON object, plain text.
        limit_name: the field that limits the tokens of an answer; empty: none is taken.
        takes_temperature: whether another temperature than 1 may be asked for.
        refused: fields of the request that are left out.
        has_system_role: whether a system message is taken; else its text begins the user's.
        streams: whether an answer has to be asked for as a stream.
    """

    answer_format: str = FORMATS[0]
    limit_name: str = _LIMITS[0]
    takes_temperature: bool = True
    refused: tuple[str, ...] = ()
    has_system_role: bool = True
    streams: bool = False

    def to_text(self) -> str:
        """As one text, to be kept."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_text(text: str) -> Traits:
        """What `to_text` gave."""
        kept = json.loads(text)
        return Traits(**{**kept, "refused": tuple(kept.get("refused", ()))})

    def build_body(self, model: str, call: Call) -> dict[str, Any]:
        """The body of a chat completion request."""
        prompt, system = call.prompt, call.system
        if system and not self.has_system_role:
            prompt, system = f"{system}\n\n{prompt}", None
        messages = [{"role": "user", "content": prompt}]
        if system:
            messages.insert(0, {"role": "system", "content": system})
        settings = {
            name: value
            for name, value in call.settings.items()
            if value is not None and name not in self.refused
        }
        body: dict[str, Any] = {"model": model, "messages": messages, **settings}
        if not self.takes_temperature and body.get("temperature") == 1:
            del body["temperature"]
        if call.max_tokens is not None and self.limit_name:
            body[self.limit_name] = call.max_tokens
        if self.streams:
            body["stream"] = True
        if call.schema is not None and self.answer_format != "text":
            body["response_format"] = self._describe_format(call.schema)
        return body

    def _describe_format(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        if self.answer_format == "json_object":
            return {"type": "json_object"}
        strict = self.answer_format == "strict_schema"
        wanted = {"name": "answer", "schema": schema, "strict": strict}
        return {"type": "json_schema", "json_schema": wanted}

    def adapt(
        self, status: int, message: str, body: Mapping[str, Any], field: str = ""
    ) -> Traits | None:
        """Other traits, after a request was refused for what it asked for; None if it was not.

        Args:
            status: of HTTP.
            message: the server's words.
            body: of the refused request.
            field: the one at fault, where the server names it.

        >>> words = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        >>> Traits().adapt(400, words, {"max_tokens": 9}).limit_name
        'max_completion_tokens'
        """
        if status not in (400, 404, 415, 422, 500, 501):
            return None
        words = message.lower()
        if self._is_about_limit(words, body, field):
            return self._change_limit(words)
        if body.get("temperature") == 1 and "temperature" in (field, *_split(words)):
            return replace(self, takes_temperature=False)
        refuses = any(word in words for word in _REFUSING)
        about_format = field.startswith("response_format") or any(
            word in words for word in _FORMAT_WORDS
        )
        about_format = about_format or ("schema" in words and "response_format" in body)
        if about_format and "response_format" in body and self.answer_format != FORMATS[-1]:
            return replace(self, answer_format=FORMATS[FORMATS.index(self.answer_format) + 1])
        if not refuses and not field:
            return None
        named = [
            name
            for name in body
            if name not in _NEVER_DROPPED and (name == field.split(".")[0] or name in _split(words))
        ]
        if named:
            return replace(self, refused=(*self.refused, named[0]))
        return self._change_shape(words, body) if refuses else None

    def describe_change(self, other: Traits) -> str:
        """What requests do without from now on, in words."""
        told = [f"{name} is left out" for name in other.refused if name not in self.refused]
        if other.takes_temperature != self.takes_temperature:
            told.append("temperature 1 is left out")
        if other.limit_name != self.limit_name:
            told.append(f"tokens are limited by {other.limit_name or 'nothing'}")
        if other.answer_format != self.answer_format:
            told.append(f"answers are asked for as {other.answer_format}")
        if other.has_system_role != self.has_system_role:
            told.append("the system prompt is put before the prompt")
        if other.streams != self.streams:
            told.append("answers come as a stream")
        return ", ".join(told)

    def _is_about_limit(self, words: str, body: Mapping[str, Any], field: str) -> bool:
        if self.limit_name not in body:
            return False
        other = _LIMITS[1 - _LIMITS.index(self.limit_name)]
        named = self.limit_name in (field, *_split(words))
        return (named and other in words) or (
            named and any(word in words for word in ("unsupported", "not support", "unknown"))
        )

    def _change_limit(self, words: str) -> Traits:
        other = _LIMITS[1 - _LIMITS.index(self.limit_name)]
        tried_both = self.limit_name == _LIMITS[1] and other not in words
        return replace(self, limit_name="" if tried_both else other)

    def _change_shape(self, words: str, body: Mapping[str, Any]) -> Traits | None:
        roles = [message["role"] for message in body.get("messages", ())]
        if "system" in roles and "system" in _split(words):
            return replace(self, has_system_role=False)
        if "stream" in _split(words) and not self.streams:
            return replace(self, streams=True)
        return None


def _split(words: str) -> list[str]:
    """The words and names of fields in a message."""
    return re.findall(r"[a-z_]+", words)
