"""New rows without a language model: drawn from a copula, checked like those of a model."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.errors import UsageError
from dreambolt_steps.profiling.row_facts import TableFacts
from dreambolt_steps.synthesis.answers import reject_answer
from dreambolt_steps.synthesis.copula import TableCopula
from dreambolt_steps.synthesis.duplicates import DuplicateCheck, is_free_text
from dreambolt_steps.synthesis.plan import SynthesisPlan
from dreambolt_steps.synthesis.pool import find_rows, follow, show_rows
from dreambolt_steps.synthesis.result import MadeRow, Synthesis
from dreambolt_steps.synthesis.row_requests import Slot
from dreambolt_steps.tables.rejects.schema import Reject

_TURNS = 10
_FEWEST, _MOST = 2_000, 20_000
_BATCH = 100
_TRIES, _TRIES_PER_ROW = 2_000, 20


def list_unwritable(
    facts: TableFacts, asked: Mapping[str, Any], contract: Contract | None
) -> list[str]:
    """Columns of text that a copula can't write: sentences, and names or codes that no two rows
    share.

    Args:
        facts: of the table.
        asked: values that the user asked for, by column.
        contract: of the table.

    Raises: UsageError: the contract does not allow NULL in one of them.
    """
    found = []
    for name in facts.sample.schema.names:
        column = facts.columns[name]
        is_text = pa.types.is_string(facts.sample.schema.field(name).type)
        if name not in asked and is_text and (column.unique or is_free_text(facts, name)):
            found.append(name)
    for promise in contract.columns if contract else ():
        if promise.name in found and not promise.nullable:
            raise UsageError(
                f"method copula can't write {promise.name}, whose texts no two rows share, and the "
                "contract does not let it be NULL; name a model with llm, or give it in fixed"
            )
    return found


class RowDrawer:
    """Draws rows for slots until each has one, or they have been tried often enough.

    Values that a slot has to have are looked for among the rows drawn, so that the other columns go
    with them: equal ones, or the nearest where values lie on a line. A value that the table does
    not hold is put in as it is.

    Args:
        plan: of the synthesis; its facts are of the columns to draw.
        duplicates: finds rows that exist.
        seed: the same one draws the same rows.
        advance: called with the number of rows made so far.

    Attributes:
        alone: columns drawn without regard to the others.
        foreign: columns for which values were asked that the table does not hold.
    """

    def __init__(
        self,
        plan: SynthesisPlan,
        duplicates: DuplicateCheck,
        seed: int = 0,
        advance: Callable[[int], None] = lambda _: None,
    ) -> None:
        if not plan.facts.rows:
            raise UsageError("method copula has no row to learn from; name a model with llm")
        self._plan, self._duplicates, self._advance = plan, duplicates, advance
        names = [name for name in plan.validator.schema.names if name not in plan.keys]
        table = plan.facts.sample.select(names)
        self._names = [*plan.validator.row_schema["properties"]]
        self.alone = [field.name for field in table.schema if _is_apart(plan.facts, field)]
        sources = {one.source for one in plan.dependencies}
        self.copula = TableCopula(table, self.alone, sources, seed)
        self.foreign: list[str] = []
        self._tried: set[str] = set()

    def run(self, slots: Iterator[Slot]) -> Synthesis:
        """Make a row for every slot, or find out why not."""
        made, waiting = Synthesis(), list(slots)
        wanted = len(waiting)
        most = _TRIES + _TRIES_PER_ROW * wanted
        for turn in range(_TURNS):
            if not waiting or len(self._tried) >= most:
                break
            size = min(max(_FEWEST, 20 * len(waiting)), _MOST)
            pool = follow(self.copula.draw(size, turn), self._plan.dependencies)
            waiting = self._fill(waiting, pool, made)
            self._advance(wanted - len(waiting))
        if waiting:
            made.stopped = f"{len(self._tried):,} rows were tried, and no more of them fit"
            lacking = [slot.given for slot in waiting if slot.given]
            if lacking:
                made.stopped += f" (first: {dict(lacking[0])})"
        made.rows.sort(key=lambda row: row.slot.index)
        return made

    def _fill(self, waiting: Sequence[Slot], pool: pa.Table, made: Synthesis) -> list[Slot]:
        """Try rows of a pool for slots, each at most once; gives the slots that are left."""
        groups: dict[str, list[Slot]] = {}
        for slot in waiting:
            groups.setdefault(repr(slot.given), []).append(slot)
        marginals = {one.field.name: one.marginal for one in self.copula.columns}
        left: list[Slot] = []
        taken: set[int] = set()
        for group in groups.values():
            given = group[0].given
            at_places, foreign = find_rows(pool, given, marginals)
            self.foreign = [*dict.fromkeys([*self.foreign, *foreign])]
            found = [at for at in at_places if at not in taken]
            places = iter(found)
            while group and (batch := [*itertools.islice(places, max(_BATCH, len(group)))]):
                taken.update(batch)
                rows = show_rows(pool.take(pa.array(batch, pa.int64())))
                whole = [{**row, **given} for row in rows]
                tried = [{name: row[name] for name in self._names} for row in whole]
                group = self._try(group, self._leave_known(tried), made)
            left += group
        return sorted(left, key=lambda slot: slot.index)

    def _leave_known(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows that were not tried before: they would fail again."""
        fresh = {repr(row): row for row in rows}
        fresh = {key: row for key, row in fresh.items() if key not in self._tried}
        self._tried.update(fresh)
        return list(fresh.values())

    def _try(self, slots: list[Slot], rows: list[dict[str, Any]], made: Synthesis) -> list[Slot]:
        waiting = deque(slots)
        checked = self._plan.validator.check(rows, [slots[0].given] * len(rows))
        fitting = [row for row in checked if not isinstance(row, Reject)]
        reasons = iter(self._duplicates.find(fitting))
        for row in checked:
            if not waiting:
                break
            if isinstance(row, Reject):
                made.reject(row)
            elif reason := next(reasons):
                made.reject(reject_answer(reason, repr(dict(row))))
            else:
                made.rows.append(MadeRow(waiting.popleft(), row, ""))
        return list(waiting)


def _is_apart(facts: TableFacts, field: pa.Field) -> bool:
    """Text of many values is drawn alone: what goes with one name can't be told from a few rows."""
    return pa.types.is_string(field.type) and not facts.columns[field.name].categories
