"""How a language model is asked: answers in order, paid once, and one line for what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dreambolt_steps.errors import DreamboltError, ModelError

_REASON_CHARACTERS = 300


def ask_model(
    llm: Any,
    prompts: Sequence[str],
    *,
    temperature: float,
    max_new_tokens: int,
    batch_size: int,
    step: Any = None,
) -> Iterator[str]:
    """Answers of a DataDreamer LLM, in the order of the prompts.

    Inside a session DataDreamer keeps each answer in its cache, so that none is paid twice.

    Args:
        llm: any DataDreamer LLM.
        prompts: what to ask.
        temperature, max_new_tokens: of the model.
        batch_size: prompts in flight at a time.
        step: the step that asks, if one does.

    Raises:
        ModelError: the model can't be reached, refuses, or fails.
    """
    try:
        yield from llm.run(
            prompts=list(prompts),
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            batch_size=batch_size,
            total_num_prompts=len(prompts),
            progress_interval=None,
            return_generator=True,
            _step=step,
        )
    except DreamboltError:
        raise
    except Exception as error:
        name = getattr(llm, "model_name", type(llm).__name__)
        reason = " ".join(str(error).split())[:_REASON_CHARACTERS]
        raise ModelError(
            f"model {name} failed: {type(error).__name__}: {reason}; answers that came before are "
            "kept, so the same command goes on from there"
        ) from error
