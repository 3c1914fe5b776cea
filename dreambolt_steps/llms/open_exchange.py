"""One way to ask every kind of DataDreamer LLM."""

from __future__ import annotations

from typing import Any

from dreambolt_steps.llms.datadreamer.exchange import BatchedExchange
from dreambolt_steps.llms.ledger.exchange import LedgerExchange
from dreambolt_steps.llms.ledger.session import open_session_ledger
from dreambolt_steps.model_identity import identify_model


def open_exchange(llm: Any, step: Any, batch_size: int = 10, **options: Any) -> LedgerExchange:
    """Calls of a step to a model, over the session's ledger.

    Args:
        llm: any DataDreamer LLM; a `ChatModel` or `LocalModel` is asked in its own way.
        step: the DataDreamer step that asks.
        batch_size: prompts in flight at a time, for a model that knows no better.
        **options: of the model's own `open_exchange`, such as `mode`.
    """
    if hasattr(llm, "open_exchange"):
        exchange: LedgerExchange = llm.open_exchange(step.name, **options)
        return exchange
    ledger, identity = open_session_ledger(), identify_model(llm)
    name = str(getattr(llm, "model_name", type(llm).__name__))
    records = ledger.open_records(step.name, identity, name, None)
    return LedgerExchange(
        lambda: BatchedExchange(llm, step, batch_size, records),
        ledger,
        identity,
        step.name,
        name=name,
    )
