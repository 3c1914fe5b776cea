"""The loop that turns slots into rows: ask, check, correct once, count, ask again for the rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from dreambolt_steps.llms.protocol import Answer, Exchange
from dreambolt_steps.synthesis.answers import RowValidator, reject_answer
from dreambolt_steps.synthesis.duplicates import DuplicateCheck
from dreambolt_steps.synthesis.find_rows import find_rows
from dreambolt_steps.synthesis.questions import Ask, Questions
from dreambolt_steps.synthesis.result import ATTEMPTS, MadeRow, Synthesis
from dreambolt_steps.synthesis.row_keys import pair_rows
from dreambolt_steps.synthesis.row_requests import Slot
from dreambolt_steps.tables.rejects.schema import Reject

_RECENT = 60
_REPEATING = 0.9
_IN_VAIN = 100
_SHOWN_MADE = 10
_SHOWN_CHARACTERS = 300


_Results = dict[int, tuple[Any, str]]
"""Slot -> typed values or Reject, and the key of the call that they are from."""


class Synthesizer:
    """Makes rows for slots through an exchange.

    Calls of several groups are under way side by side, and come back in any order. Which of two
    equal rows is the duplicate is decided in the order of the groups, so that the same answers
    always give the same table.

    Args:
        exchange: to the model.
        questions: writes the calls.
        validator: checks rows.
        duplicates: finds those that exist; None keeps them (completions may be equal).
        rows_per_call: slots in a group.
        advance: called with the number of rows made so far.
        model: what decides its answers; calls are named by it and their identity.
        attempts: for each row, at most.
        trials: answers of which one has to hold a row that fits, or the run stops; more are not
            asked for until one does. None: as many as it takes.
    """

    def __init__(
        self,
        exchange: Exchange,
        questions: Questions,
        validator: RowValidator,
        duplicates: DuplicateCheck | None,
        rows_per_call: int,
        advance: Callable[[int], None] = lambda _: None,
        model: str = "",
        attempts: int = ATTEMPTS,
        trials: int | None = None,
    ) -> None:
        self._model = model
        self._exchange, self._questions, self._validator = exchange, questions, validator
        self._duplicates, self._size, self._advance = duplicates, rows_per_call, advance
        self._asks: dict[str, Ask] = {}
        self._partial: dict[tuple[int, int], _Results] = {}
        self._order: list[deque[int]] = [deque() for _ in range(attempts + 1)]
        self._finished: dict[tuple[int, int], _Results] = {}
        self._slots: dict[tuple[int, int], tuple[Slot, ...]] = {}
        self._retries: deque[Ask] = deque()
        self._recent: deque[bool] = deque(maxlen=_RECENT)
        self._in_vain = 0
        self._trials = trials
        self._shown: deque[Mapping[str, Any]] = deque(maxlen=_SHOWN_MADE)
        self.made = Synthesis(attempts=attempts)

    def run(self, slots: Iterator[Slot]) -> Synthesis:
        """Make a row for every slot, or find out why not.

        Raises: DreamboltError as the exchange does; rows made until then are in `made`.
        """
        groups = enumerate(iter(lambda: tuple(islice(slots, self._size)), ()))
        more = True
        while True:
            while self._has_room():
                ask = self._retries.popleft() if self._retries else None
                if ask is None and more:
                    number, group = next(groups, (0, ()))
                    more = bool(group)
                    ask = Ask(number, 1, group) if group else None
                    if ask is not None:
                        self._order[1].append(number)
                if ask is None:
                    break
                self._ask(ask)
            if self._exchange.pending:
                self._receive(self._exchange.collect())
                self._accept_in_order(more)
                continue
            self._accept_in_order(False)
            if not self._retries or self.made.stopped is not None:
                break
        self.made.rows.sort(key=lambda row: row.slot.index)
        return self.made

    def _has_room(self) -> bool:
        """Whether another call may be handed in now."""
        return self._may_ask(self._exchange.room)

    def _may_ask(self, room: int) -> bool:
        """Whether another call may be handed in beside those that are pending, `room` at most."""
        if self._trials is not None:
            room = min(room, self._trials - self.made.calls)
        return self._exchange.pending < room and self.made.stopped is None

    def _judge_trial(self, results: _Results, answer: Answer) -> None:
        """End the trials with the first row that fits, or the run with the last of them."""
        if any(not isinstance(row, Reject) for row, _ in results.values()):
            self._trials = None
        if self._trials is not None and self.made.calls >= self._trials:
            shown = " ".join((answer.text or "").split())[:_SHOWN_CHARACTERS]
            told = f"; the last one: {shown!r}" if shown else ""
            self.made.stopped = (
                f"none of the first {self.made.calls} answers holds a row that fits{told}"
            )

    def _ask(self, ask: Ask) -> None:
        self._slots[(ask.group, ask.attempt)] = ask.slots
        call = self._questions.ask_rows(ask, self._shown)
        self._asks[str(call.identity)] = ask
        self._exchange.submit(call)

    def _receive(self, answer: Answer) -> None:
        """Check an answer's rows; those that do not fit get one corrective call."""
        identity = str(answer.call.identity)
        ask = self._asks.pop(identity)
        key = (ask.group, ask.attempt)
        self.made.calls += 1
        results = self._check(ask, answer, answer.call.identify(self._model))
        self._judge_trial(results, answer)
        known = self._partial.pop(key, {})
        broken = [slot for slot in ask.slots if _is_reparable(results[slot.index][0], answer.text)]
        if ask.is_repair:
            good = [index for index, (row, _) in results.items() if not isinstance(row, Reject)]
            self.made.repaired += len(good)
        elif broken and self._may_ask(self._exchange.pending + 1):
            repair = Ask(ask.group, ask.attempt, tuple(broken), is_repair=True)
            rejects = [results[slot.index][0] for slot in broken]
            call = self._questions.ask_repair(repair, rejects, identity)
            self._asks[str(call.identity)] = repair
            self._partial[key] = known | results
            self._exchange.submit(call)
            return
        self._finished[key] = known | results

    def _check(self, ask: Ask, answer: Answer, key: str) -> _Results:
        if answer.text is None:
            reject = reject_answer(f"the call failed: {answer.failure}", "")
            return {slot.index: (reject, key) for slot in ask.slots}
        columns, row_key = self._validator.row_schema["properties"], self._questions.choose_key(ask)
        found = find_rows(answer.text, columns, row_key)
        if found is None:
            cut = ", which was cut off" if answer.finish == "length" else ""
            reject = reject_answer(f"the answer{cut} holds no JSON", answer.text)
            return {slot.index: (reject, key) for slot in ask.slots}
        paired = pair_rows(found, ask.slots, row_key, columns)
        for stranger in paired.strangers:
            self.made.reject(stranger)
        results: _Results = {index: (row, key) for index, row in paired.rows.items()}
        whole = [slot for slot in ask.slots if not isinstance(paired.rows[slot.index], Reject)]
        rows = [paired.rows[slot.index] for slot in whole]
        checked = self._validator.check(rows, [slot.given for slot in whole])
        return results | {slot.index: (row, key) for slot, row in zip(whole, checked, strict=True)}

    def _accept_in_order(self, more: bool) -> None:
        """Accept the groups that are done, as far as all before them are."""
        for attempt in range(1, self.made.attempts + 1):
            waiting = self._order[attempt]
            while waiting and (waiting[0], attempt) in self._finished:
                group = waiting.popleft()
                self._accept(group, attempt)
            if waiting or (attempt == 1 and more and self.made.stopped is None):
                return

    def _accept(self, group: int, attempt: int) -> None:
        results = self._finished.pop((group, attempt))
        slots = self._slots.pop((group, attempt))
        failed: list[Slot] = []
        for slot in slots:
            row, call_key = results[slot.index]
            self._in_vain += 1
            if isinstance(row, Reject):
                self.made.reject(row)
                failed.append(slot)
                continue
            reason = self._duplicates.find([row])[0] if self._duplicates else None
            self._recent.append(reason is not None)
            if reason is not None:
                self.made.reject(reject_answer(reason, repr(dict(row))))
                failed.append(slot)
                continue
            self.made.rows.append(MadeRow(slot, row, call_key))
            self._shown.append(row)
            self._in_vain = 0
        self._advance(len(self.made.rows))
        if len(self._recent) == _RECENT and sum(self._recent) >= _REPEATING * _RECENT:
            self.made.stopped = self.made.stopped or (
                f"the model repeats itself: {sum(self._recent)} of its last {_RECENT} rows were "
                "there already"
            )
        if self._in_vain >= _IN_VAIN:
            self.made.stopped = self.made.stopped or (
                f"none of the model's last {self._in_vain} rows can be used"
            )
        if failed and attempt < self.made.attempts:
            self._retries.append(Ask(group, attempt + 1, tuple(failed)))
            self._order[attempt + 1].append(group)


def _is_reparable(row: Any, text: str | None) -> bool:
    return isinstance(row, Reject) and text is not None and bool(row.raw)
