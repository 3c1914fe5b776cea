"""The sections of a report, in their order; other packages add theirs with `add_section`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from dreambolt_steps.report.columns_section import render_columns
from dreambolt_steps.report.contract_section import render_contract
from dreambolt_steps.report.head_section import render_head
from dreambolt_steps.report.history_section import render_history
from dreambolt_steps.report.map_section import render_maps
from dreambolt_steps.report.rejects_section import render_rejects
from dreambolt_steps.report.run_record import RunRecord
from dreambolt_steps.report.steps_section import render_steps

Render = Callable[[RunRecord], Markup | None]


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        key: its anchor; letters and dashes.
        title: its heading.
        render: makes its HTML from the record of the run; None leaves it out.
    """

    key: str
    title: str
    render: Render


_SECTIONS: list[Section] = [
    Section("steps", "From source to target", render_steps),
    Section("head", "First rows", render_head),
    Section("columns", "Columns", render_columns),
    Section("contract", "Contract", render_contract),
    Section("rejects", "Rejects", render_rejects),
    Section("maps", "Maps of vectors", render_maps),
    Section("history", "Runs of this session", render_history),
]


def list_sections() -> list[Section]:
    """The sections in their order."""
    return list(_SECTIONS)


def add_section(section: Section, *, before: str = "history") -> None:
    """Add a section to every report of this process; one of the same key is replaced.

    Args:
        section: the new one.
        before: the key of the section that it stands before.

    Example:
        add_section(Section("synthesis", "Synthetic rows", render_synthesis))
    """
    left = [one for one in _SECTIONS if one.key != section.key]
    at = next((at for at, one in enumerate(left) if one.key == before), len(left))
    _SECTIONS[:] = [*left[:at], section, *left[at:]]
