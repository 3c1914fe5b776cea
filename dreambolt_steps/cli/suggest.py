"""`inspect --suggest`: a language model's proposals for the columns, as a diff."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from dreambolt_steps.arguments.synthesis import MAX_NEW_TOKENS
from dreambolt_steps.cli.failures import is_debugging
from dreambolt_steps.cli.inspection import Inspection
from dreambolt_steps.cli.run import name_source
from dreambolt_steps.cli.tables import make_printable, wrap_text
from dreambolt_steps.findings.finding import count
from dreambolt_steps.suggestion.column_facts import choose_columns, gather_facts
from dreambolt_steps.suggestion.suggest import Suggestion, suggest_columns

_INDENT = "    "


@dataclass(frozen=True)
class Proposals:
    """What a model proposed.

    Attributes:
        model: its name.
        rows: whose values it saw.
        suggestion: checked proposals, and rejected ones.
    """

    model: str
    rows: int
    suggestion: Suggestion


def suggest_names(inspection: Inspection, model: str, rows: int) -> Proposals:
    """Ask a model about the clean columns, as `SuggestSchema` does.

    Answers are kept in the session that `ingest` would use, so that none is paid twice.

    Args:
        inspection: of the source.
        model: its name on the server that OPENAI_BASE_URL names, or OpenAI's.
        rows: rows whose values it may see at most.

    Raises:
        CredentialError: OPENAI_API_KEY is not set.
        ModelError: the model can't be reached, refuses, or fails.
    """
    from dreambolt_steps.llms.open_model import open_language_model
    from dreambolt_steps.session.session import open_session
    from dreambolt_steps.steps.base.ask_model import ask_model

    schema = inspection.plan.schema
    masked = [column.name for column in inspection.plan.columns if column.mask]
    asked = choose_columns(schema, None, masked)
    facts = gather_facts(inspection.open_clean, asked, sample_rows=rows)
    folder = Path("sessions") / name_source(inspection.source)
    with open_session(folder, verbose=is_debugging()):
        llm = open_language_model(model)

        def ask(prompts: list[str]) -> Iterable[str]:
            return ask_model(
                llm, prompts, temperature=0.0, max_new_tokens=MAX_NEW_TOKENS, batch_size=10
            )

        suggestion = suggest_columns(facts, schema.names, ask)
    return Proposals(model, min(rows, inspection.cleaned.rows), suggestion)


def show_proposals(console: Console, proposals: Proposals) -> None:
    """Print the proposals as a diff, and those that were rejected with their reasons."""
    found = proposals.suggestion
    told = f"proposed by {proposals.model}, which saw the values of {count(proposals.rows, 'row')}"
    console.print(f"\n[bold]{escape(make_printable(told))}[/bold]", highlight=False)
    for one in found.proposals:
        head, _, description = one.words.partition(": ")
        _say(console, head, "")
        _say(console, description, _INDENT)
    for bad in found.rejected:
        _say(console, bad.words, "")
    console.print("nothing of it is applied", highlight=False)


def _say(console: Console, text: str, indent: str) -> None:
    """Text that a model wrote, wrapped and indented."""
    for line in wrap_text(text, console.width - len(indent)):
        style = "dim" if indent else ""
        console.print(Text(indent + line, style=style), soft_wrap=True)
