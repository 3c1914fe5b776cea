"""Any DataDreamer LLM as an exchange: it answers a batch at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from dreambolt_steps.errors import DreamboltError, ModelError
from dreambolt_steps.llms.outcome import Completion
from dreambolt_steps.llms.protocol import Answer, Call
from dreambolt_steps.llms.records import Records, Try

_REASON_CHARACTERS = 300


class BatchedExchange:
    """An `Exchange` over the `run` method of a DataDreamer LLM.

    Such a model gets system and prompt as one text and no schema; what it costs is not known.

    Args:
        llm: any DataDreamer LLM.
        step: the step that asks.
        batch_size: prompts in flight at a time.
        records: where answers are written down.
    """

    def __init__(self, llm: Any, step: Any, batch_size: int, records: Records) -> None:
        self._llm, self._step, self._size, self._records = llm, step, batch_size, records
        self._queued: deque[Call] = deque()
        self._running: deque[Call] = deque()
        self._texts: Iterator[str] = iter(())

    @property
    def pending(self) -> int:
        """Calls handed in whose answers have not come out."""
        return len(self._queued) + len(self._running)

    @property
    def room(self) -> int:
        """Two batches."""
        return 2 * self._size

    def submit(self, call: Call) -> None:
        """Hand a call in; it is asked with the next batch."""
        self._queued.append(call)

    def collect(self) -> Answer:
        """The next answer.

        Raises: ModelError when the model can't be reached, refuses, or fails.
        """
        if not self._running:
            self._start_batch()
        call = self._running.popleft()
        try:
            text = next(self._texts)
        except DreamboltError:
            raise
        except Exception as error:
            name = getattr(self._llm, "model_name", type(self._llm).__name__)
            reason = " ".join(str(error).split())[:_REASON_CHARACTERS]
            raise ModelError(
                f"model {name} failed: {type(error).__name__}: {reason}; answers that came before "
                "are kept, so the same command goes on from there"
            ) from error
        answer = Answer(call, text)
        self._records.keep([(Try(call, Completion(text, None, 0, 0, None)), answer)])
        return answer

    def close(self, *, drain: bool) -> None:
        """Keep what is answered already; nothing goes on in the background."""

    def _start_batch(self) -> None:
        first = self._queued[0]
        while self._queued and len(self._running) < self._size:
            self._running.append(self._queued.popleft())
        parts = [(call.system, call.prompt) for call in self._running]
        prompts = ["\n\n".join(part for part in pair if part) for pair in parts]
        self._texts = iter(
            self._llm.run(
                prompts=prompts,
                max_new_tokens=first.max_tokens,
                batch_size=self._size,
                total_num_prompts=len(prompts),
                progress_interval=None,
                return_generator=True,
                _step=self._step,
                **first.settings,
            )
        )
