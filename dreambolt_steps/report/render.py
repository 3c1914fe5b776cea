"""The Jinja templates of the report: everything in them is escaped unless it is Markup."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


@cache
def _open_templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("dreambolt_steps.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    environment.filters["percent"] = _show_percent
    environment.filters["seconds"] = show_seconds
    return environment


def render_template(name: str, **values: Any) -> Markup:
    """Fill a template; values are text unless they are Markup."""
    return Markup(_open_templates().get_template(f"{name}.html.jinja").render(values))


def _show_percent(share: float | None) -> str:
    """A share in percent; what is not all is never shown as 100 %, what is something never as 0.

    >>> _show_percent(0.99996), _show_percent(0.5), _show_percent(1)
    ('99.9 %', '50 %', '100 %')
    """
    if share is None:
        return ""
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "99.9 %"
    return f"{share * 100:.1f}".rstrip("0").rstrip(".") + " %"


def show_seconds(seconds: float) -> str:
    """A time in the units that people use.

    >>> show_seconds(0.456), show_seconds(75), show_seconds(7384)
    ('0.46 s', '1 min 15 s', '2 h 3 min')
    """
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, left = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {left} s"
    return f"{minutes // 60} h {minutes % 60} min"
