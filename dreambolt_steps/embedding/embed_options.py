"""What is to be embedded, as the command line says it: columns, and templates."""

from __future__ import annotations

from collections.abc import Sequence

from dreambolt_steps.embedding.text_source import name_sources
from dreambolt_steps.errors import UnknownColumnError
from dreambolt_steps.tables.naming import clean_names
from dreambolt_steps.unknown_names import tell_known


def read_embed_options(
    told: Sequence[str], names: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Read what `--embed` says: columns, by their names in the file or after cleaning, and
    templates, NAME={COLUMN}, {COLUMN}, by the names after cleaning.

    Args:
        told: by the user.
        names: of the clean table.

    Returns: the columns, and template by name.
    Raises:
        UnknownColumnError: a column that the table does not have.
        UsageError: a template that can't be read.

    >>> read_embed_options(["Team", "card={name}, {team}"], ["name", "team"])
    (['team'], {'card': '{name}, {team}'})
    """
    templates = dict(one.split("=", 1) for one in told if "=" in one and "{" in one)
    plain = [one for one in told if not ("=" in one and "{" in one)]
    columns = [name if name in names or not name else clean_names([name])[0] for name in plain]
    by_column = dict(zip(columns, plain, strict=True))
    for source in name_sources(columns, templates):
        for column in source.columns:
            if column not in names:
                shown = by_column.get(column, column)
                raise UnknownColumnError(
                    f"--embed: no column {shown!r} in the table; {tell_known(shown, names)}"
                )
    return list(dict.fromkeys(columns)), templates
