"""Texts for prompts, in their order, from an exchange that answers in any order."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from typing import Any

from dreambolt_steps.errors import ModelError
from dreambolt_steps.llms.protocol import Answer, Call

_AHEAD = 4096
_LOOKED_UP = 500


def generate(
    llm: Any,
    prompts: Iterable[str],
    settings: dict[str, Any],
    max_tokens: int | None,
    n: int = 1,
    step: Any = None,
    *,
    force: bool = False,
    cache_only: bool = False,
) -> Generator[str | list[str], None, None]:
    """Answer prompts. A slow answer holds the later ones back, but not the asking.

    Args:
        llm: a model with `open_exchange`.
        prompts: read as far ahead as it takes to keep the model busy.
        settings, max_tokens: of every call.
        n: answers for each prompt.
        step: the DataDreamer step that asks, if it is known.
        force: ask again, whatever is known.
        cache_only: ask nothing.

    Yields: a text, or a list of n texts, for each prompt.

    Raises: ModelError when a call fails for good; what was answered is kept.
    """
    calls = make_calls(llm, prompts, settings, max_tokens, n)
    with llm.open_exchange(getattr(step, "name", "")) as exchange:
        texts = _order(exchange, calls, force=force, cache_only=cache_only)
        if n == 1:
            yield from texts
            return
        while group := [text for _, text in zip(range(n), texts, strict=False)]:
            yield group


def make_calls(
    llm: Any, prompts: Iterable[str], settings: dict[str, Any], max_tokens: int | None, n: int = 1
) -> Iterator[Call]:
    """The calls for prompts: n for each."""
    template = llm.chat_prompt_template
    for prompt in prompts:
        # DataDreamer 0.46.0 marks prompts that are to be answered several times with a seed.
        seed = getattr(prompt, "seed", None)
        text = str(prompt)
        if template:
            text = template.replace("{{prompt}}", text)
            text = text.replace("{{system_prompt}}", llm.system_prompt or "")
        system = None if template else llm.system_prompt
        for sample in range(n):
            identity = f"{system or ''}\0{text}\0{seed}\0{sample}"
            yield Call(text, system, None, settings, max_tokens, identity)


def _order(exchange: Any, calls: Iterator[Call], *, force: bool, cache_only: bool) -> Iterator[str]:
    """Texts in the order of the calls; equal calls under way are asked once.

    Calls are looked up one by one, and while all of them are known more and more at a time.
    """
    waiting: deque[str] = deque()
    wanted: Counter[str] = Counter()
    done: dict[str, str] = {}
    more, size = True, 1
    while True:
        while (
            more and exchange.pending < exchange.room and len(waiting) < max(_AHEAD, exchange.room)
        ):
            taken = list(islice(calls, size))
            more = bool(taken)
            new = []
            for call in taken:
                identity = str(call.identity)
                waiting.append(identity)
                wanted[identity] += 1
                if wanted[identity] == 1:
                    new.append(call)
            known = exchange.submit_all(new, force=force, cache_only=cache_only)
            size = min(2 * size, _LOOKED_UP) if known else 1
        if not waiting:
            return
        while waiting and waiting[0] in done:
            identity = waiting.popleft()
            yield done[identity]
            wanted[identity] -= 1
            if not wanted[identity]:
                del wanted[identity], done[identity]
        if waiting and exchange.pending:
            answer = exchange.collect()
            done[str(answer.call.identity)] = _take_text(answer)


def _take_text(answer: Answer) -> str:
    if answer.text is None:
        shown = answer.call.prompt.strip().split("\n")[0][:60]
        raise ModelError(
            f"the call for {shown!r} failed for good: {answer.failure}; answered calls are kept, "
            "run the same again"
        )
    return answer.text
