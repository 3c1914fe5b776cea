"""One model at one server: what its answers and its errors mean."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dreambolt_steps.errors import CredentialError, DreamboltError, ModelError
from dreambolt_steps.llms.answer_forms import find_error, read_body, read_completion
from dreambolt_steps.llms.openai.login import take_login
from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.openai.waits import read_wait
from dreambolt_steps.llms.outcome import Completion, Trouble, estimate_tokens
from dreambolt_steps.llms.protocol import Call

OPENAI = "https://api.openai.com/v1"
_OVERLOADED = (429, 503, 529)
_LASTING = (501, 505)  # of the errors of a server, those that the same request meets again
_PASSING = (408, 409, 425)
_QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "insufficient_balance",
        "insufficient_credits",
        "credit_balance_too_low",
        "payment_required",
    }
)
_BAD_ANSWERS = ("json_validate_failed", "tool_use_failed", "invalid_model_output")
"""Codes that blame what the model wrote, not how it was asked."""


@dataclass(frozen=True)
class ServerError:
    """An error from a body, whatever its shape.

    Attributes:
        message: in words.
        codes: code, type and status, in small letters.
        field: the field of the request at fault; empty if it is not named.
        content: the error itself.
    """

    message: str
    codes: tuple[str, ...] = ()
    field: str = ""
    content: Any = None


@dataclass(frozen=True)
class Server:
    """A model behind a server.

    Attributes:
        model: its name there.
        base_url: of the server, such as https://api.openai.com/v1.
        key_name: the environment variable that the key comes from, for messages.
        extra_body: more fields of every request.
        headers: more headers of every request; they may be secret.
    """

    model: str
    base_url: str
    key_name: str
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def build_body(self, call: Call, traits: Traits) -> dict[str, Any]:
        """The body of a chat completion request; what the server is known to refuse is left out."""
        body = traits.build_body(self.model, call)
        more = {name: value for name, value in self.extra_body.items() if value is not None}
        return body | {name: more[name] for name in more if name not in traits.refused}

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
            found = find_error(answer)
            if found is None:
                return _count_tokens(read_completion(answer), body)
            status, answer = found
        error = read_error(answer)
        message = error.message
        reason = f"HTTP {status}: {message}" if message else f"HTTP {status}"
        if status == 401:
            fatal: DreamboltError = CredentialError(
                f"{self.base_url} refused the key in {self.key_name}: {message}; set a valid one"
            )
            return Trouble(reason, status, fatal=fatal)
        wait = read_wait(headers, error.content, message)
        if status == 402 or (not wait and _QUOTA_CODES & {*error.codes}):
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
        if any(code in _BAD_ANSWERS for code in error.codes):
            return Trouble(reason, status)
        other = traits.adapt(status, f"{' '.join(error.codes)} {message}", body, error.field)
        if other is not None:
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
            transient=status == 429 or status in _PASSING or is_passing(status),
            overloaded=status in _OVERLOADED,
            retry_after=wait,
        )


def is_passing(status: int) -> bool:
    """Whether an error of a server may be over when it is asked again: every one but 501 and
    505."""
    return 500 <= status <= 599 and status not in _LASTING


def read_error(answer: Any) -> ServerError:
    """An error from the body of an answer: an object, one below `error`, a list of them, a text."""
    first = answer[0] if isinstance(answer, list) and answer else answer
    inner = first.get("error") or first if isinstance(first, Mapping) else first
    if not isinstance(inner, Mapping):
        return ServerError(str(inner or "")[:300])
    told = inner.get("message") or inner.get("detail") or inner.get("msg") or ""
    if isinstance(told, list) and told and isinstance(told[0], Mapping):  # as FastAPI has it
        place = [str(part) for part in told[0].get("loc") or () if part != "body"]
        return ServerError(str(told[0].get("msg") or "")[:300], (), ".".join(place), inner)
    codes = [str(inner.get(name)).lower() for name in ("code", "type", "status") if inner.get(name)]
    return ServerError(str(told)[:300], tuple(codes), str(inner.get("param") or ""), inner)


def _count_tokens(outcome: Completion | Trouble, body: Mapping[str, Any]) -> Completion | Trouble:
    """An answer with its tokens estimated, where the server does not report them."""
    if isinstance(outcome, Trouble) or outcome.tokens_in or outcome.tokens_out:
        return outcome
    asked = "".join(str(message.get("content")) for message in body.get("messages", ()))
    return replace(
        outcome,
        tokens_in=estimate_tokens(asked),
        tokens_out=estimate_tokens(outcome.text),
        is_estimated=True,
    )


def choose_url(base_url: str | None = None) -> str:
    """A server's address: as it is told, else OPENAI_BASE_URL, else OpenAI's own; without a login
    in it, which is sent as a header (`authorize`)."""
    return take_login(base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI)
