"""How a step asks its language model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def ask_model(
    step: Any, prompts: list[str], *, temperature: float, max_new_tokens: int, batch_size: int
) -> Iterable[str]:
    """Answers of the step's `llm`, in the order of the prompts.

    DataDreamer keeps each answer in the session's cache, so that none is paid twice.

    Args:
        step: a running step with an arg `llm`.
        prompts: what to ask.
        temperature, max_new_tokens: of the model.
        batch_size: prompts in flight at a time.
    """
    return step.args["llm"].run(
        prompts=prompts,
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        batch_size=batch_size,
        total_num_prompts=len(prompts),
        progress_interval=None,
        return_generator=True,
        _step=step,
    )
