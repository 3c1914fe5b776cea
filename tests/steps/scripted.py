"""A language model for tests: a function from prompt to answer, with DataDreamer's own batches and
cache around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from dreambolt_steps.session.fast_import import import_datadreamer

import_datadreamer()

from datadreamer.llms import LLM  # noqa: E402


class ScriptedLLM(LLM):
    """Answers by a function; `asked` holds the prompts that were not answered from the cache."""

    def __init__(self, answer: Callable[[str], str], temperament: str = "calm") -> None:
        super().__init__()
        self.model_name = "scripted"
        self.temperament = temperament
        self._answer = answer
        self._asked: list[str] = []

    @property
    def asked(self) -> list[str]:
        return self._asked

    def count_tokens(self, value: str) -> int:
        return len(value.split())

    def get_max_context_length(self, max_new_tokens: int) -> int:
        return 100_000

    def run(self, prompts: Iterable[str], *, return_generator: bool = False, **options: Any) -> Any:
        total = options.pop("total_num_prompts", None)
        answers = self._run_over_batches(
            run_batch=self._run_batch,
            get_max_input_length_function=None,
            max_model_length=None,
            inputs=prompts,
            adaptive_batch_size=False,
            total_num_inputs=total,
            **options,
        )
        return answers if return_generator else list(answers)

    def _run_batch(self, inputs: list[str], **options: Any) -> list[str]:
        self._asked += inputs
        return [self._answer(prompt) for prompt in inputs]
