"""SQL statements whose secrets are filled in only where they are sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from dreambolt_steps.errors import UsageError


@dataclass(frozen=True)
class Secret:
    """A value that is shown by its name only.

    >>> print(Secret("AWS_SECRET_ACCESS_KEY", "abc"))
    <AWS_SECRET_ACCESS_KEY>
    """

    name: str
    value: str = field(repr=False)

    def __str__(self) -> str:
        return f"<{self.name}>"


@dataclass(frozen=True)
class Statement:
    """One SQL statement. As text it is masked; `reveal` is for the wire alone.

    >>> masked = Statement(("SELECT ", Secret("KEY", "it's")))
    >>> str(masked), masked.reveal()
    ('SELECT <KEY>', "SELECT 'it''s'")
    """

    parts: tuple[str | Secret, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)

    def reveal(self) -> str:
        """The whole text, secrets as literals."""
        return "".join(
            quote_text(part.value) if isinstance(part, Secret) else part for part in self.parts
        )


def quote_text(value: str) -> str:
    r"""Write a text as a literal that means the same whether or not backslashes escape.

    Raises:
        UsageError: it holds a NUL character, which no text in SQL can.

    >>> quote_text("it's"), quote_text("a\\b")
    ("'it''s'", "E'a\\\\b'")
    """
    if "\0" in value:
        raise UsageError(f"{value!r} holds a NUL character, which SQL text can't; remove it")
    quoted = value.replace("'", "''")
    return f"'{quoted}'" if "\\" not in value else "E'" + quoted.replace("\\", "\\\\") + "'"
