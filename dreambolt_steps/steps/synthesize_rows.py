"""The step that adds rows written by a language model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.embedding.identity import identify_model
from dreambolt_steps.errors import UsageError
from dreambolt_steps.steps.ask_model import ask_model
from dreambolt_steps.steps.table_step import TableStep
from dreambolt_steps.synthesis.generate import Synthesis, synthesize_rows
from dreambolt_steps.synthesis.prompt import read_template
from dreambolt_steps.tables.rejects import build_rejects

FLAG = "_synthetic"


class SynthesizeRows(TableStep):
    """Adds new rows of the same table, written by a language model and checked against its schema.

    Inputs: every column of one upstream table.

    Outputs: the same columns and `_synthetic` (boolean); the source's rows first, then the new
    ones. Columns that no language model can write (vectors, structs, bytes) are NULL in new rows.
    Answers that do not fit the table are kept in the step's rejects with their reason.

    Args: `rows` is 0 by default, which calls no model at all.

    Raises:
        UsageError: rows are wanted, but no `llm` is given.

    Example:
        more = SynthesizeRows("synthesize", inputs=columns(clean), args={"llm": llm, "rows": 20})
    """

    version = 1.0

    def setup(self) -> None:
        self.register_arg("llm", required=False, help="Any DataDreamer LLM.")
        self.register_arg("rows", required=False, default=0, help="New rows wanted.")
        self.register_arg(
            "instruction", required=False, help="What the rows should be about, in words."
        )
        self.register_arg(
            "rows_per_call", required=False, default=5, help="Rows asked for in one prompt."
        )
        self.register_arg(
            "examples", required=False, default=5, help="Rows of the table shown in one prompt."
        )
        self.register_arg("seed", required=False, default=0, help="Draws the example rows.")
        self.register_arg(
            "temperature", required=False, default=1.0, help="Sampling temperature of the model."
        )
        self.register_arg(
            "max_new_tokens", required=False, default=1024, help="Tokens an answer may have."
        )
        self.register_arg(
            "batch_size", required=False, default=10, help="Prompts in flight at a time."
        )

    def identify_content(self) -> object:
        llm = self.args["llm"]
        return [identify_model(llm) if llm is not None else None, read_template("rows")]

    def plan_effect(self) -> Dataset | None:
        if not self.args["rows"]:
            return None
        calls = -(-self.args["rows"] // self.args["rows_per_call"])
        self.receipt.notes.append(f"would ask for {self.args['rows']:,} rows in {calls:,} calls")
        self.receipt.rows_in = self.table.num_rows
        reader = _flag_rows(self.table.open_reader())
        table = reader.read_all()
        self.receipt.rows_out = table.num_rows
        return Dataset(table)

    def run(self) -> Dataset:
        args = self.args
        self.receipt.rows_in = self.table.num_rows
        if not args["rows"]:
            return self.store(_flag_rows(self.table.open_reader()), self.receipt.rows_in)
        if args["llm"] is None:
            raise UsageError(
                f"step {self.name}: {args['rows']} rows are wanted but there is no model; "
                'pass args={"llm": ...} with any DataDreamer LLM'
            )
        made = synthesize_rows(
            self.table.open_reader,
            self._ask,
            args["rows"],
            rows_per_call=args["rows_per_call"],
            examples_per_call=args["examples"],
            instruction=args["instruction"],
            seed=args["seed"],
            advance=lambda rows: self.advance(rows, args["rows"]),
        )
        self._tell(made)
        reader = self.table.open_reader()
        return self.store(_append_rows(reader, made.rows), self.receipt.rows_in + len(made.rows))

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

    def _tell(self, made: Synthesis) -> None:
        self.receipt.rows_made = len(made.rows)
        self.receipt.report = {"calls": made.calls, "rejected answers": len(made.rejects)}
        asked = self.args["rows"]
        note = f"{len(made.rows):,} of {asked:,} rows made in {made.calls:,} calls"
        if made.rejects:
            note += f"; {len(made.rejects):,} answers rejected, first: {made.rejects[0].reason}"
        self.receipt.notes.append(note)
        self.keep_rejects(build_rejects(made.rejects), count=False)


def _flag_rows(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    return _append_rows(reader, [])


def _append_rows(reader: pa.RecordBatchReader, rows: list[dict[str, Any]]) -> pa.RecordBatchReader:
    """The table's rows, then the new ones, with the flag column."""
    schema = reader.schema.append(pa.field(FLAG, pa.bool_()))

    def flag(batch: pa.RecordBatch, value: bool) -> pa.RecordBatch:
        flags = pa.repeat(pa.scalar(value), batch.num_rows)
        return pa.RecordBatch.from_arrays([*batch.columns, flags], schema=schema)

    def iterate() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            yield flag(batch, False)
        if rows:
            yield flag(pa.RecordBatch.from_pylist(rows, schema=reader.schema), True)

    return pa.RecordBatchReader.from_batches(schema, iterate())


__all__ = ["SynthesizeRows"]
