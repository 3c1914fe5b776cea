"""A llama.cpp model in this process as an exchange: one call after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from dreambolt_steps.llms.llama_cpp.grammar import write_grammar
from dreambolt_steps.llms.llama_cpp.llama import Llama
from dreambolt_steps.llms.outcome import Completion, Trouble
from dreambolt_steps.llms.protocol import Answer, Call
from dreambolt_steps.llms.records import Records, Try

_ANSWER_TOKENS = 512
# Under a grammar every token counts that is at least a twentieth as likely as the likeliest one.
_DRAWN_FROM = {"top_k": 0, "top_p": 1.0, "min_p": 0.05}


class LocalExchange:
    """An `Exchange` over a loaded model; a call with a schema is held to its grammar.

    Args:
        load: gives the model; called with the first call.
        records: where answers are written down.
    """

    def __init__(self, load: Callable[[], Llama], records: Records) -> None:
        self._load, self._records = load, records
        self._queued: deque[Call] = deque()

    @property
    def pending(self) -> int:
        """Calls handed in whose answers have not come out."""
        return len(self._queued)

    @property
    def room(self) -> int:
        """One: more than one at a time gains nothing."""
        return 1

    def submit(self, call: Call) -> None:
        """Hand a call in."""
        self._queued.append(call)

    def collect(self) -> Answer:
        """Answer the next call."""
        call = self._queued.popleft()
        model = self._load()
        outcome = read_completion(model.complete(write_request(call)), model.context_length)
        if isinstance(outcome, Trouble):
            answer = Answer(call, None, outcome.reason)
        else:
            counts = (outcome.tokens_in, outcome.tokens_out)
            answer = Answer(call, outcome.text, None, outcome.finish, *counts)
        self._records.keep([(Try(call, outcome), answer)])
        return answer

    def close(self, *, drain: bool) -> None:
        """Nothing goes on in the background."""


def write_request(call: Call) -> dict[str, Any]:
    """A call as llama.cpp takes it; the same call is always drawn with the same seed."""
    request = {
        "prompt": "\n\n".join(part for part in (call.system, call.prompt) if part) + "\n",
        "max_tokens": call.max_tokens or _ANSWER_TOKENS,
        "seed": int(call.identify("")[:7], 16),
        **call.settings,
    }
    if call.schema is None:
        return request
    return {**_DRAWN_FROM, **request, "grammar": write_grammar(call.schema)}


def read_completion(data: dict[str, Any], context_length: int) -> Completion | Trouble:
    """What llama.cpp's answer means.

    Args:
        data: the answer.
        context_length: tokens that the model reads and writes together.
    """
    if error := data.get("error"):
        if (size := error.get("n_prompt_tokens")) is None:
            return Trouble(str(error.get("message") or error))
        return Trouble(_describe_length(size, 0, context_length))
    choice, usage = data["choices"][0], data["usage"]
    size, written = int(usage["prompt_tokens"]), int(usage["completion_tokens"])
    if choice["finish_reason"] == "length" and size + written >= context_length:
        return Trouble(_describe_length(size, written, context_length))
    return Completion(choice["text"], choice["finish_reason"], size, written, None)


def _describe_length(size: int, written: int, most: int) -> str:
    beside = f", and with {written:,} of answer it is" if written else ","
    return (
        f"the prompt has {size:,} tokens{beside} longer than the {most:,} that the model reads; "
        "lower rows_per_call or examples"
    )
