"""An exchange that asks only for what the ledger does not hold, and spends no more than allowed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType

from dreambolt_steps.errors import CostLimitError, DreamboltError, ModelError, UsageError
from dreambolt_steps.llms.ledger.prices import PRICES_VARIABLE, Price
from dreambolt_steps.llms.ledger.store import CallLedger
from dreambolt_steps.llms.outcome import estimate_tokens
from dreambolt_steps.llms.protocol import Answer, Call, Exchange

_TOKENS_OUT = 500


class LedgerExchange:
    """An `Exchange` over another one, which is opened only when there is something to ask.

    Args:
        open_exchange: opens the exchange that really asks, and writes the answers to the ledger.
        ledger: of the session.
        model: what decides the model's answers, from `identify_model`.
        step: the step's name.
        price: of the model, if it is known.
        limit: USD that the step may spend, with its earlier runs.
        name: of the model, for messages.

    Raises: UsageError for a limit where the price is not known.

    Attributes:
        asked, cached: answers of this run that were asked for, and that were known.
        tokens_in, tokens_out: of those that were asked for.

    Use it in a `with` block: answers that are under way when a DreamboltError leaves the block are
    waited for, since they are paid.
    """

    def __init__(
        self,
        open_exchange: Callable[[], Exchange],
        ledger: CallLedger,
        model: str,
        step: str,
        price: Price | None = None,
        limit: float | None = None,
        name: str = "the model",
    ) -> None:
        if limit is not None and price is None:
            raise UsageError(
                f"what {name} costs is not known, so that spending can't be limited; give its "
                f"price, in ChatModel(price=...) or in a file that {PRICES_VARIABLE} names"
            )
        self._open, self._ledger, self.model, self._step = open_exchange, ledger, model, step
        self._price, self._limit = price, limit
        self._inner: Exchange | None = None
        self._ready: deque[Answer] = deque()
        self._waiting: deque[Call] = deque()
        self._reserved = 0.0
        self._earlier = ledger.sum_spent(step)
        self._failed_earlier = ledger.count_failed(step)
        self.asked = self.cached = 0
        self.tokens_in = self.tokens_out = 0

    @property
    def has_price(self) -> bool:
        """Whether it is known what the model costs."""
        return self._price is not None

    @property
    def spent(self) -> float:
        """USD spent in this run, failed tries included."""
        return self.spent_in_all - self._earlier

    @property
    def spent_in_all(self) -> float:
        """USD that the step spent in this run and those before it."""
        return self._ledger.sum_spent(self._step)

    @property
    def failures(self) -> int:
        """Requests of this run that were refused or not answered."""
        return self._ledger.count_failed(self._step) - self._failed_earlier

    @property
    def pending(self) -> int:
        """Calls handed in whose answers have not come out."""
        asked = self._inner.pending if self._inner else 0
        return asked + len(self._ready) + len(self._waiting)

    @property
    def room(self) -> int:
        """As the inner exchange has it; before it is open, what one call is enough to find out."""
        return (self._inner.room if self._inner else 1) + len(self._ready)

    def submit(self, call: Call) -> None:
        """Hand a call in; an answer that is known is ready at once."""
        self.submit_all([call])

    def submit_all(
        self, calls: Sequence[Call], *, force: bool = False, cache_only: bool = False
    ) -> bool:
        """Hand calls in; answers that are known are ready at once.

        Args:
            force: ask again, whatever is known.
            cache_only: ask nothing; a call that is not known is a ModelError.

        Returns: whether all were known.
        """
        keys = [call.identify(self.model) for call in calls]
        by_key = dict(zip(keys, calls, strict=True))
        known = {} if force else self._ledger.find_answers(by_key)
        for key, call in zip(keys, calls, strict=True):
            answer = known.get(key)
            if answer is not None:
                self.cached += 1
                self._ready.append(answer if answer.call is call else replace(answer, call=call))
            elif cache_only:
                raise ModelError(f"step {self._step}: {call.prompt[:60]!r} was not answered before")
            else:
                self._waiting.append(call)
        self._hand_in()
        return len(known) == len(by_key)

    def collect(self) -> Answer:
        """The next answer.

        Raises:
            CostLimitError: another call might cost more than may be spent.
            CredentialError, ModelError: as the inner exchange does.
        """
        if self._ready:
            return self._ready.popleft()
        self._hand_in()
        if self._inner is None or not self._inner.pending:
            raise CostLimitError(
                f"step {self._step} has spent ${self.spent_in_all:.4f} of the "
                f"${self._limit:.4f} allowed, and its next call may cost more than is left; "
                "answered calls are kept: allow more, and run the same again"
            )
        answer = self._inner.collect()
        self._reserved -= self._bound_cost(answer.call)
        self.asked += 1
        self.tokens_in += answer.tokens_in
        self.tokens_out += answer.tokens_out
        self._hand_in()
        return answer

    def close(self, *, drain: bool = True) -> None:
        """Finish what is under way."""
        if self._inner is not None:
            self._inner.close(drain=drain)
            self._inner = None

    def __enter__(self) -> LedgerExchange:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(drain=error is None or isinstance(error, DreamboltError | GeneratorExit))

    def _hand_in(self) -> None:
        while self._waiting:
            cost = self._bound_cost(self._waiting[0])
            reserved = self.spent_in_all + self._reserved
            if self._limit is not None and reserved + cost > self._limit:
                return
            if self._inner is None:
                self._inner = self._open()
            self._reserved += cost
            self._inner.submit(self._waiting.popleft())

    def _bound_cost(self, call: Call) -> float:
        """USD that a call may cost at most, as far as that is known before."""
        if self._price is None or self._limit is None:
            return 0.0
        tokens_in = estimate_tokens(call.prompt + (call.system or "")) * 2
        return self._price.cost(tokens_in, call.max_tokens or _TOKENS_OUT)
