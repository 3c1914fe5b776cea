"""What a synthesis will cost, costs, and has cost, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dreambolt_steps.llms.ledger.exchange import LedgerExchange
from dreambolt_steps.llms.ledger.prices import Price
from dreambolt_steps.synthesis.plan import SynthesisPlan
from dreambolt_steps.synthesis.row_requests import Slot


def describe_estimate(
    plan: SynthesisPlan, slots: Sequence[Slot], rows_per_call: int, price: Price | None
) -> str:
    """What a run would ask for, before anything is asked.

    Args:
        plan: of the synthesis.
        slots: all of them.
        rows_per_call: slots in a call.
        price: of the model, if it is known.
    """
    calls = -(-len(slots) // rows_per_call)
    tokens_in, tokens_out = plan.estimate(slots[:rows_per_call]) if slots else (0, 0)
    total_in, total_out = tokens_in * calls, tokens_out * calls
    told = (
        f"would ask for {len(slots):,} rows in {calls:,} calls: about {total_in:,} tokens in, "
        f"{total_out:,} out"
    )
    if price is None:
        return f"{told}; the price of the model is not known"
    usd = price.cost(tokens_in, tokens_out) * calls
    return f"{told}, about ${usd:,.4f} ({price.source})"


def describe_progress(exchange: LedgerExchange, done: int, wanted: int) -> str:
    """The unit of the progress bar: what this run spent, and what it will have spent at its end.

    Rows whose calls were known before cost nothing; those to come cost as those asked for did.
    """
    if not exchange.has_price or not done or not exchange.asked:
        return "rows"
    spent, asked = exchange.spent, exchange.asked
    calls_to_come = (asked + exchange.cached) * (wanted - done) / done
    projected = spent * (1 + calls_to_come / asked)
    return f"rows, ${spent:.4f} spent, about ${projected:.4f} in all"


def describe_spending(exchange: LedgerExchange) -> tuple[str, dict[str, Any]]:
    """What a run asked for and spent: a note, and numbers for the report."""
    report: dict[str, Any] = {
        "calls asked": exchange.asked,
        "calls known": exchange.cached,
        "failed tries": exchange.failures,
        "tokens in": exchange.tokens_in,
        "tokens out": exchange.tokens_out,
    }
    told = f"{exchange.asked:,} calls asked, {exchange.cached:,} known before"
    if exchange.failures:
        told += f", {exchange.failures:,} failed tries"
    if exchange.has_price:
        report |= {"usd": exchange.spent, "usd in all runs": exchange.spent_in_all}
        told += f", ${exchange.spent:.4f} spent"
    return told, report
