"""What became of one request to a language model."""

from __future__ import annotations

from dataclasses import dataclass

from dreambolt_steps.errors import DreamboltError
from dreambolt_steps.llms.openai.server_capabilities import Traits

_CHARACTERS_PER_TOKEN = 4


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has: a quarter of its characters."""
    return len(text) // _CHARACTERS_PER_TOKEN + 1


@dataclass(frozen=True)
class Completion:
    """A request that was answered: the model's text (which may be empty) and its tokens.

    `failure` says why the text is none that can be used, where the server says so; `is_estimated`,
    that the server did not say how many tokens there were.
    """

    text: str
    finish: str | None
    tokens_in: int
    tokens_out: int
    call_id: str | None
    failure: str | None = None
    is_estimated: bool = False


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
