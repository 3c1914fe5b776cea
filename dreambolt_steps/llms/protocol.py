"""What is asked of a language model, and what comes back: the words that every module here uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import xxhash


@dataclass(frozen=True)
class Call:
    """One question to a model.

    Attributes:
        prompt: the user's message.
        system: the system message, if any.
        schema: JSON Schema that the answer should meet; its root is an object.
        settings: sampling settings by their names in the API: temperature, top_p, seed, stop...
        max_tokens: tokens the answer may have.
        identity: what makes two calls the same one, so that it is paid once; by default system and
            prompt. A prompt may hold hints that are not part of it, such as what was made so far.
    """

    prompt: str
    system: str | None = None
    schema: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    max_tokens: int | None = None
    identity: str | None = None

    def identify(self, model: str) -> str:
        """The key of this call to a model: 32 hexadecimal digits.

        Args:
            model: what decides the model's answers, from `identify_model`.
        """
        what = self.identity if self.identity is not None else [self.system, self.prompt]
        parts = [model, what, self.schema, dict(self.settings), self.max_tokens]
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
        return xxhash.xxh3_128_hexdigest(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True)
class Answer:
    """What became of a call.

    Attributes:
        call: the call.
        text: what the model said; None when the call failed for good.
        failure: why it failed; None otherwise.
        finish: why the model stopped: `stop`, `length`...; None if it was not told.
        tokens_in, tokens_out: as the server counted them, of all tries; 0 if it did not.
        usd: what all tries cost; None where the price is not known.
        cached: whether it was known already, and nothing was paid now.
        call_id: the server's name for the answer.
    """

    call: Call
    text: str | None
    failure: str | None = None
    finish: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = None
    cached: bool = False
    call_id: str | None = None


class Exchange(Protocol):
    """Where calls are handed in and answers come out, in the order in which they are done."""

    @property
    def pending(self) -> int:
        """Calls handed in whose answers have not come out."""

    @property
    def room(self) -> int:
        """How many calls may be pending before handing in more gains nothing."""

    def submit(self, call: Call) -> None:
        """Hand a call in; returns at once."""

    def collect(self) -> Answer:
        """The next answer; waits for it.

        Raises: DreamboltError when the whole exchange can't go on (wrong key, unknown model...).
        """

    def close(self, *, drain: bool) -> None:
        """Finish: wait for what is pending with `drain`, else give it up."""
