"""What steps share that have a language model write values of a table."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.contracts.contract_file import read_contract
from dreambolt_steps.errors import ModelError, UsageError
from dreambolt_steps.llms.open_exchange import open_exchange
from dreambolt_steps.model_identity import identify_model
from dreambolt_steps.steps.base.table_step import ArgsT, TableStep
from dreambolt_steps.synthesis.cost import describe_estimate, describe_progress
from dreambolt_steps.synthesis.duplicates import DuplicateCheck
from dreambolt_steps.synthesis.generate import Synthesizer
from dreambolt_steps.synthesis.outcome import describe_outcome
from dreambolt_steps.synthesis.plan import SynthesisPlan, plan_synthesis
from dreambolt_steps.synthesis.provenance import append_rows
from dreambolt_steps.synthesis.result import ATTEMPTS, Synthesis, explain_missing
from dreambolt_steps.synthesis.row_requests import Slot
from dreambolt_steps.synthesis.templates import load_template
from dreambolt_steps.tables.rejects.schema import build_rejects


class SynthesisStep(TableStep[ArgsT]):
    """A step that has a model write values, checks them, and knows what it costs.

    A subclass says what is wanted (`open_slots`) and what becomes of it (`run`).
    """

    default_template = "rows"

    def open_slots(self) -> Iterator[Slot]:
        """What is wanted of each row; the same at every call."""
        raise NotImplementedError

    def open_reader(self) -> pa.RecordBatchReader:
        """A new stream over what the model learns from."""
        return self.table.open_reader()

    def identify_content(self) -> object:
        llm, templates = self.args["llm"], self.args["templates"]
        return [
            identify_model(llm) if llm is not None else None,
            [load_template(name, templates).text for name in (self.template, "repair")],
            self.contract.content if self.contract else None,
        ]

    @property
    def template(self) -> str:
        """Name of the prompt template."""
        return str(self.args["template"] or self.default_template)

    @cached_property
    def contract(self) -> Contract | None:
        """What values have to keep."""
        given = self.args["contract"]
        return read_contract(given) if given is not None else None

    @property
    def labels(self) -> tuple[str, str]:
        """Model and prompt, as the provenance columns name them."""
        llm = self.args["llm"]
        return str(getattr(llm, "model_name", type(llm).__name__)), self.plan.questions.label

    @cached_property
    def plan(self) -> SynthesisPlan:
        """What is known of the table, and how it is asked for."""
        return self.make_plan()

    def make_plan(self, **wishes: Any) -> SynthesisPlan:
        """The plan from the args that every such step takes.

        Args:
            **wishes: more arguments of `plan_synthesis`.
        """
        args = self.args
        return plan_synthesis(
            self.open_reader,
            template=self.template,
            templates=args["templates"],
            instruction=args["instruction"],
            relations=args["relations"] or (),
            keep_ranges=args["keep_ranges"],
            contract=self.contract,
            examples_per_call=args["examples"],
            rows_per_call=args["rows_per_call"],
            seed=args["seed"],
            settings={"temperature": args["temperature"]},
            max_tokens=args["max_new_tokens"],
            context_length=getattr(args["llm"], "context_length", None),
            **wishes,
        )

    def rehearse(self) -> Dataset:
        """Say what a run would ask for and cost; the table goes on without it."""
        self.check_model()
        self.receipt.notes.append(self.describe_plan())
        table = append_rows(self.table.open_reader(), []).read_all()
        self.receipt.rows_in = self.receipt.rows_out = table.num_rows
        return Dataset(table)

    def describe_plan(self) -> str:
        """What a run would ask for and cost, in words."""
        slots, price = list(self.open_slots()), getattr(self.args["llm"], "price", None)
        return describe_estimate(self.plan, slots, self.args["rows_per_call"], price)

    def check_model(self) -> None:
        """Fail without a model, or for one that can't be used, before any work is done."""
        llm = self.args["llm"]
        if llm is None:
            raise UsageError(
                f'step {self.name} needs a model; pass args={{"llm": ...}} with ChatModel, '
                "LocalModel, or any DataDreamer LLM"
            )
        if hasattr(llm, "check"):
            llm.check()

    def ask_model(self, duplicates: DuplicateCheck | None = None) -> Synthesis:
        """Have every slot filled, or find out why not; fills the receipt and keeps rejects.

        Args:
            duplicates: finds rows that exist already.

        Raises:
            UsageError: there is no model.
            ModelError: no row could be made.
        """
        self.check_model()
        wanted = sum(1 for _ in self.open_slots())
        plan = self.plan
        with open_exchange(self.args["llm"], self, self.args["batch_size"]) as exchange:

            def tell(done: int) -> None:
                self.advance(done, wanted, describe_progress(exchange, done, wanted))

            work = Synthesizer(
                exchange,
                plan.questions,
                plan.validator,
                duplicates,
                self.args["rows_per_call"],
                tell,
                exchange.model,
                getattr(self.args["llm"], "attempts", ATTEMPTS),
                getattr(self.args["llm"], "trials", None),
            )
            made = work.run(self.open_slots())
            self.receipt.notes, self.receipt.report = describe_outcome(made, wanted, exchange)
        self.settle(made, wanted)
        return made

    def settle(self, made: Synthesis, wanted: int) -> None:
        """Keep what was rejected.

        Raises: ModelError: rows were wanted, and there is none.
        """
        self.keep_rejects(build_rejects(made.rejects), count=False)
        if wanted and not made.rows:
            raise ModelError(f"step {self.name}: {explain_missing(made, wanted)}")
