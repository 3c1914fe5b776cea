"""One call to a server, alone: to learn whether it answers, and how it wants to be asked."""

from __future__ import annotations

from collections.abc import Callable

from dreambolt_steps.llms.openai.exchange import ChatExchange, Sends
from dreambolt_steps.llms.openai.rate_limit import Flow
from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.protocol import Answer, Call
from dreambolt_steps.llms.records import Records


def ask_once(
    call: Call, make_sender: Callable[[], Sends], records: Records
) -> tuple[Answer, Traits]:
    """Ask a server one call. Returns: its answer, and what is then known of the server.

    Raises: CredentialError, ModelError: as `ChatExchange.collect`.
    """
    exchange = ChatExchange(make_sender, Flow(1), records)
    try:
        exchange.submit(call)
        return exchange.collect(), exchange.traits
    finally:
        exchange.close(drain=False)
