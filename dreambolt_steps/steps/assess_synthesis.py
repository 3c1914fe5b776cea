"""The step that says whether synthetic rows are good."""

from __future__ import annotations

from functools import cached_property

from datasets import Dataset

from dreambolt_steps.arguments.synthesis import AssessSynthesisArgs
from dreambolt_steps.assessment.assess import assess, write_assessment
from dreambolt_steps.assessment.describe import (
    describe_assessment,
    explain_doubt,
    list_warnings,
)
from dreambolt_steps.assessment.scores import SCORE_SCHEMA, build_scores
from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.contracts.contract_file import read_contract
from dreambolt_steps.dry_run import current_rehearsal
from dreambolt_steps.findings.finding import Finding, hand_over
from dreambolt_steps.report.sections import Section, add_section
from dreambolt_steps.report.synthesis_section import render_assessment
from dreambolt_steps.steps.base.lineage import trace_spending
from dreambolt_steps.steps.base.quality_limit import check_quality
from dreambolt_steps.steps.base.table_step import TableStep

add_section(Section("synthesis", "Synthetic rows", render_assessment), before="columns")


class AssessSynthesis(TableStep[AssessSynthesisArgs]):
    """Compares synthetic rows with the real ones they stand beside, and scores them.

    Inputs: every column of `SynthesizeRows`, or of a table with a boolean column that says which
    rows are synthetic.

    Outputs: a row for each measure: `part`, `measure`, `column`, `other_column`, `value` (of the
    synthetic rows), `holdout` (of as many real rows that are held back, measured in the same way).
    `report.html` shows them; docs/assessment.md says what they mean.

    Columns and pairs of columns are compared as SDMetrics defines it, a classifier tries to tell
    the rows apart, rules are the contract, the relations, and dependencies found in the real rows,
    and copies are looked for among all of them. The quality, 0 to 100, is how like the real rows
    the synthetic ones are (100: like those held back), times the share that breaks no rule, times
    the share that is no copy.

    Raises:
        UsageError: there are no synthetic rows, or fewer than two real ones.
        QualityLimitError: the quality is lower than `min_quality`, or than what the run asks for.

    Example:
        more = SynthesizeRows("synthesize", inputs=columns(clean), args={"llm": llm, "rows": 200})
        AssessSynthesis("assess", inputs=columns(more), args={"min_quality": 80})
    """

    version = 1.0
    Args = AssessSynthesisArgs

    @cached_property
    def contract(self) -> Contract | None:
        """What rows have to keep."""
        given = self.args["contract"]
        return read_contract(given) if given is not None else None

    def identify_content(self) -> object:
        return self.contract.content if self.contract else None

    def plan_effect(self) -> Dataset | None:
        self.receipt.notes.append("would compare the synthetic rows with the real ones")
        return Dataset(SCORE_SCHEMA.empty_table())

    def run(self) -> Dataset:
        self.receipt.rows_in = self.table.num_rows
        args = self.args
        found = assess(
            self.table.open_reader,
            flag=args["flag"],
            relations=args["relations"] or (),
            contract=self.contract,
            most=args["sample_rows"],
            seed=args["seed"],
            spent=trace_spending(self.inputs),
        )
        if self.folder is not None:
            write_assessment(self.folder, found)
        self.receipt.notes = describe_assessment(found)
        self.receipt.report["quality"] = found.quality.score
        doubt = explain_doubt(found)
        if doubt:
            self.receipt.report["quality_doubt"] = doubt
            advice = "Take the score for nothing, and compare more rows"
            hand_over(self.receipt, Finding("too_few_rows", "moderate", doubt, advice=advice))
        warnings = list_warnings(found)
        hand_over(self.receipt, *(Finding("synthetic_rows", "moderate", one) for one in warnings))
        return self.store(build_scores(found.scores, found.quality).to_reader())

    def _finish(self) -> None:
        super()._finish()
        score = self.receipt.report.get("quality")
        if score is not None and current_rehearsal() is None:
            check_quality(self.name, score, self.receipt.notes[0], self.args["min_quality"])


__all__ = ["AssessSynthesis"]
