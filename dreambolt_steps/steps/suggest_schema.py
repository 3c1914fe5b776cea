"""The step that asks a language model what the columns of a table are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from functools import cached_property

from datasets import Dataset

from dreambolt_steps.arguments.synthesis import SuggestSchemaArgs
from dreambolt_steps.model_identity import identify_model
from dreambolt_steps.steps.base.ask_model import ask_model
from dreambolt_steps.steps.base.lineage import trace_masked
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.suggestion.apply import apply_suggestion, describe_columns
from dreambolt_steps.suggestion.column_facts import choose_columns, gather_facts
from dreambolt_steps.suggestion.prompt import identify_prompt
from dreambolt_steps.suggestion.suggest import Suggestion, suggest_columns
from dreambolt_steps.synthesis.provenance import PROVENANCE_NAMES


class SuggestSchema(TableStep[SuggestSchemaArgs]):
    """Has a language model propose names, descriptions, semantic types and units for the columns of
    a table.

    Inputs: every column of one upstream table, best a clean one.

    Outputs: the same table. With `apply`, its columns have the proposed names, and carry
    `description`, `semantic_type` and `unit` as metadata of their Arrow fields, which
    `ExportParquet` writes into the files; without it, proposals are only told: in the receipt's
    notes as a diff, and under `proposals` in its report.

    The model sees counts, types, ranges rounded to one digit, the shapes of texts ("AA-9999"), and
    the values of `sample_rows` rows; never more, and nothing of columns that `CleanTable` masked.
    Each proposal is checked: the name is snake_case and no other column's, the semantic type is of
    the list below and fits the column's type, a unit is a UCUM unit or a currency code and stands
    on a number. What does not hold is named to the model once, then rejected with its reason.

    Semantic types: identifier, code, category, flag, person_name, organization, title, free_text,
    email, phone, url, ip_address, uuid, json, address, postal_code, city, region, country,
    country_code, language, place, latitude, longitude, date, timestamp, time_of_day, year, month,
    duration, count, quantity, amount, currency, percentage, ratio, score, rank, age.

    Raises:
        UsageError: `columns` names an unknown or masked column, or one of lists, structs or bytes.

    Example:
        args = {"llm": llm, "apply": True, "instruction": "Players of every World Cup."}
        named = SuggestSchema("suggest schema", inputs=columns(clean), args=args)
    """

    version = 1.0
    Args = SuggestSchemaArgs

    def identify_content(self) -> object:
        return [identify_model(self.args["llm"]), identify_prompt()]

    @cached_property
    def chosen(self) -> list[str]:
        """The columns to ask about."""
        hidden = [*trace_masked(self.inputs), *PROVENANCE_NAMES]
        return choose_columns(self.table.schema, self.args["columns"], hidden)

    def plan_effect(self) -> Dataset | None:
        calls = -(-len(self.chosen) // self.args["columns_per_call"])
        self.receipt.notes.append(f"would ask about {len(self.chosen):,} columns, calls: {calls:,}")
        table = self.table.open_reader().read_all()
        self.receipt.rows_in = self.receipt.rows_out = table.num_rows
        return Dataset(table)

    def run(self) -> Dataset:
        args = self.args
        self.receipt.rows_in = self.table.num_rows
        facts = gather_facts(
            self.table.open_reader,
            self.chosen,
            sample_rows=args["sample_rows"],
            seed=args["seed"],
        )
        suggestion = suggest_columns(
            facts,
            self.table.schema.names,
            self._ask,
            columns_per_call=args["columns_per_call"],
            instruction=args["instruction"],
        )
        self._tell(suggestion)
        reader = self.table.open_reader()
        if args["apply"]:
            reader = apply_suggestion(reader, suggestion)
            self.receipt.report["descriptions"] = describe_columns(suggestion)
        return self.store(reader, self.receipt.rows_in)

    def _ask(self, prompts: list[str]) -> Iterable[str]:
        args = self.args
        return ask_model(
            args["llm"],
            prompts,
            temperature=args["temperature"],
            max_new_tokens=args["max_new_tokens"],
            batch_size=args["batch_size"],
            step=self,
        )

    def _tell(self, suggestion: Suggestion) -> None:
        good, bad = suggestion.proposals, suggestion.rejected
        shown = min(self.args["sample_rows"], self.receipt.rows_in)
        told = f"proposals for {len(good):,} of {len(self.chosen):,} columns"
        how = "applied" if self.args["apply"] else "not applied (apply=True does)"
        self.receipt.notes = [
            f"{told}, calls: {suggestion.calls:,}, rows shown: {shown:,}; {how}",
            *(one.words for one in good),
            *(one.words for one in bad),
        ]
        self.receipt.report = {
            "calls": suggestion.calls,
            "rows shown": shown,
            "applied": self.args["apply"],
            "proposals": [asdict(one) for one in good],
            "rejected proposals": [asdict(one) for one in bad],
        }


__all__ = ["SuggestSchema"]
