"""What deserves a look, on the screen: each finding with its level, where it is, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dreambolt_steps.cli.tables import make_printable, wrap_text
from dreambolt_steps.findings.finding import Finding, count

_SHOWN = 8
_MARGIN = 10


def show_findings(
    say: Callable[[str], None], findings: Sequence[Finding], width: int, *, as_options: bool = True
) -> None:
    """Print what deserves a look, the worst first; nothing where there is nothing.

    Args:
        say: prints a line as it is.
        findings: of `list_findings`.
        width: of the screen.
        as_options: name remedies as options of `ingest`, not as arguments of steps in a recipe.
    """
    if not findings:
        return
    say(f"{count(len(findings), 'thing')} to look at:")
    for one in findings[:_SHOWN]:
        room = max(width - _MARGIN, 40)
        lines = wrap_text(make_printable(one.tell(as_option=as_options)), room)
        for at, line in enumerate(lines):
            say(f"{'' if at else one.level:>8}  {line}")
    if len(findings) > _SHOWN:
        say(f"{'':>8}  and {len(findings) - _SHOWN:,} more in the report")
