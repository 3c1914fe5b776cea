"""The step that adds rows written by a language model, or drawn from a copula."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice

import numpy as np
import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.arguments.synthesis import SynthesizeRowsArgs
from dreambolt_steps.embedding.models.adapter import encode_with, gather_batches
from dreambolt_steps.errors import UsageError
from dreambolt_steps.matching.nearest import normalize
from dreambolt_steps.model_identity import identify_model
from dreambolt_steps.profiling.row_facts import TableFacts, gather_facts
from dreambolt_steps.steps.base.synthesis_step import SynthesisStep
from dreambolt_steps.synthesis.drawing import RowDrawer, list_unwritable
from dreambolt_steps.synthesis.duplicates import DuplicateCheck, Embed
from dreambolt_steps.synthesis.libraries import check_library, name_method
from dreambolt_steps.synthesis.number_keys import find_highest, number_rows
from dreambolt_steps.synthesis.outcome import describe_drawing
from dreambolt_steps.synthesis.plan import SynthesisPlan
from dreambolt_steps.synthesis.provenance import (
    PROVENANCE_NAMES,
    append_rows,
    describe_origin,
    leave_columns,
)
from dreambolt_steps.synthesis.result import Synthesis
from dreambolt_steps.synthesis.row_requests import Slot, count_quota, list_asked_values, plan_slots


class SynthesizeRows(SynthesisStep[SynthesizeRowsArgs]):
    """Adds new rows of the same table, written by a language model or drawn from a copula, and
    checked against the table.

    Inputs: every column of one upstream table.

    Outputs: the same columns and four more: `_synthetic` (boolean), `_synthetic_model`,
    `_synthetic_prompt` and `_synthetic_call` (the call's key in the session's
    `.cache/calls.sqlite`). The source's rows come first, then the new ones. Columns that no
    language model can write (vectors, structs, bytes) are NULL in new rows; keys of whole numbers
    go on counting.

    A row has to keep the table's types, NULLs, ranges, categories, code patterns and functional
    dependencies, the relations that were said, and the contract; one that does not is given back to
    the model once with the reason, then rejected. Rows that exist already are rejected too. Rejects
    are kept with their reasons, and a run that ends with fewer rows than asked for says why. Every
    call is on disk when it is answered, and never paid twice.

    `method="copula"` needs no model, costs nothing, and needs `dreambolt-steps[copula]`: it draws
    rows that are spread as the table's are and hang together as they do, the same ones for the same
    `seed`. Rows say `copula` and the library as their model. It keeps `fixed`, `where`, relations,
    dependencies and the contract. It writes no text: categories and repeated texts are the table's
    own, sentences and texts that no two rows share are NULL, which `CompleteColumns` can fill.
    `instruction`, `seed_rows` and `embedder` need a model.

    Args: `rows` is 0 by default, which calls no model at all.

    Raises:
        UsageError: rows are wanted, but no `llm` is given; a column or relation is wrong.
        ModelError: no row could be made, or the model or library can't be used.
        CostLimitError: the run might spend more than allowed.

    Example:
        args = {"llm": llm, "rows": 200, "where": {"position": ["goal keeper", "forward"]}}
        more = SynthesizeRows("synthesize", inputs=columns(clean), args=args)
    """

    version = 2.0
    Args = SynthesizeRowsArgs

    @property
    def is_drawn(self) -> bool:
        """Whether rows are drawn from a copula, without a model."""
        return bool(self.args["method"] == "copula")

    @cached_property
    def facts(self) -> TableFacts:
        """What the table holds."""
        return gather_facts(self.table.open_reader)

    @cached_property
    def unwritable(self) -> list[str]:
        """Columns of text that a copula can't write."""
        asked = list_asked_values(self.args["fixed"], self.args["where"])
        return list_unwritable(self.facts, asked, self.contract)

    def open_reader(self) -> pa.RecordBatchReader:
        reader = self.table.open_reader()
        return leave_columns(reader, [*self.unwritable, *PROVENANCE_NAMES] if self.is_drawn else [])

    def identify_content(self) -> object:
        embedder = self.args["embedder"]
        content = [super().identify_content(), embedder and identify_model(embedder)]
        return [*content, name_method()] if self.is_drawn and self.args["rows"] else content

    def make_plan(self, **wishes: object) -> SynthesisPlan:
        return super().make_plan(
            facts=self.facts.select(self.open_reader().schema.names),
            find_relations=self.args["find_relations"],
            asked=list_asked_values(self.args["fixed"], self.args["where"]),
            **wishes,
        )

    def open_slots(self) -> Iterator[Slot]:
        args = self.args
        quota = count_quota(args["where"])
        rows = args["rows"] if quota is None else min(args["rows"], quota)
        return islice(plan_slots(args["fixed"], args["where"], args["seed_rows"] or ()), rows)

    def check_model(self) -> None:
        if not self.is_drawn:
            super().check_model()
            return
        for name in ("llm", "instruction", "seed_rows", "embedder", "template", "templates"):
            if self.args[name]:
                raise UsageError(f"method copula has no use for {name}; leave out one of the two")
        check_library()

    def plan_effect(self) -> Dataset | None:
        return self.rehearse() if self.args["rows"] else None

    def describe_plan(self) -> str:
        if not self.is_drawn:
            return super().describe_plan()
        return f"would draw {self.args['rows']:,} rows from a copula, which costs nothing"

    def run(self) -> Dataset:
        self.receipt.rows_in = self.table.num_rows
        if not self.args["rows"]:
            return self.store(append_rows(self.table.open_reader(), []), self.receipt.rows_in)
        self.check_model()
        made = self._draw() if self.is_drawn else self.ask_model(self._make_check())
        model, prompt = (name_method(), None) if self.is_drawn else self.labels
        rows = [
            {**row.values, **describe_origin(model, prompt, row.call_key or None)}
            for row in made.rows
        ]
        if self.plan.keys:
            highest = find_highest(self.table.open_reader(), self.plan.keys)
            rows = number_rows(rows, highest, self.table.schema)
        self.receipt.rows_made = len(rows)
        total = self.receipt.rows_in + len(rows)
        return self.store(append_rows(self.table.open_reader(), rows), total)

    def _draw(self) -> Synthesis:
        wanted = sum(1 for _ in self.open_slots())

        def tell(done: int) -> None:
            self.advance(done, wanted)

        drawer = RowDrawer(self.plan, self._make_check(), self.args["seed"], tell)
        made = drawer.run(self.open_slots())
        self.receipt.notes, self.receipt.report = describe_drawing(
            made, wanted, drawer, self.unwritable
        )
        self.settle(made, wanted)
        return made

    def _make_check(self) -> DuplicateCheck:
        plan, embedder = self.plan, self.args["embedder"]
        return DuplicateCheck(
            self.table.open_reader,
            plan.validator.schema,
            plan.facts,
            self.args["near"],
            self._make_embed() if embedder is not None else None,
        )

    def _make_embed(self) -> Embed:
        embedder = self.args["embedder"]

        def embed(texts: Sequence[str]) -> np.ndarray:
            return normalize(gather_batches(encode_with(embedder, self, texts), len(texts)))

        return embed


__all__ = ["SynthesizeRows"]
