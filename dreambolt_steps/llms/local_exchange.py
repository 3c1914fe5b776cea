"""A llama.cpp model in this process as an exchange: one call after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from dreambolt_steps.llms.call import Answer, Call
from dreambolt_steps.llms.constrained import complete_constrained
from dreambolt_steps.llms.grammar import write_grammar
from dreambolt_steps.llms.outcome import Completion, Trouble
from dreambolt_steps.llms.records import Records, Try

_ANSWER_TOKENS = 512


class LocalExchange:
    """An `Exchange` over a loaded model; a call with a schema is held to its grammar.

    Args:
        load: gives the `llama_cpp.Llama`; called with the first call.
        records: where answers are written down.
    """

    def __init__(self, load: Callable[[], Any], records: Records) -> None:
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
        outcome = self._complete(call)
        if isinstance(outcome, Trouble):
            answer = Answer(call, None, outcome.reason)
        else:
            counts = (outcome.tokens_in, outcome.tokens_out)
            answer = Answer(call, outcome.text, None, outcome.finish, *counts)
        self._records.keep([(Try(call, outcome), answer)])
        return answer

    def close(self, *, drain: bool) -> None:
        """Nothing goes on in the background."""

    def _complete(self, call: Call) -> Completion | Trouble:
        model = self._load()
        prompt = "\n\n".join(part for part in (call.system, call.prompt) if part) + "\n"
        wanted = call.max_tokens or _ANSWER_TOKENS
        tokens = model.tokenize(prompt.encode())
        if len(tokens) + wanted > model.n_ctx():
            return Trouble(
                f"the prompt has {len(tokens):,} tokens, and with {wanted:,} of answer it is "
                f"longer than the {model.n_ctx():,} that the model reads; lower rows_per_call or "
                "examples"
            )
        settings = {"seed": int(call.identify("")[:7], 16), **call.settings}
        if call.schema is not None:
            grammar, seed = write_grammar(call.schema), settings["seed"]
            temperature = float(settings.get("temperature", 1.0))
            text, finish, size = complete_constrained(
                model, tokens, grammar, wanted, temperature, seed
            )
            return Completion(text, finish, len(tokens), size, None)
        found = model.create_completion(prompt, max_tokens=wanted, **settings)
        choice, usage = found["choices"][0], found["usage"]
        counts = (int(usage["prompt_tokens"]), int(usage["completion_tokens"]))
        return Completion(choice["text"], choice["finish_reason"], *counts, None)
