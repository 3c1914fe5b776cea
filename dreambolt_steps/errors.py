"""Every error this package raises on purpose.

A message says what is wrong, where (file, row, column, value) and what to do next. `Terminal`
errors stay wrong however often they are tried; `Transient` ones may pass (network, locks, rate
limits).
"""

from __future__ import annotations


class DreamboltError(Exception):
    """Base of all errors of this package: catch it to catch them all."""

    exit_code = 1

    def _render_traceback_(self) -> list[str]:
        """What notebooks show of it (IPython asks for this method)."""
        from dreambolt_steps.tracebacks import render_failure

        return render_failure(self)


class TerminalError(DreamboltError):
    """Trying again changes nothing: the input, an argument or a credential has to change."""


class TransientError(DreamboltError):
    """Trying again may help: a server was busy, a lock was held, a connection broke."""


class UsageError(TerminalError):
    """The command line or an argument is wrong; nothing was started."""

    exit_code = 2


class UnknownNameError(UsageError):
    """The command or an argument names something that is not there; the message says what is."""


class SourceError(TerminalError):
    """A source can't be read: missing, empty, forbidden, or not of the format its name says."""


class MissingSourceError(SourceError, UnknownNameError):
    """No file, object or folder of that name."""


class CredentialError(TerminalError):
    """A credential is missing or refused; the message names the variable to set."""


class SchemaError(TerminalError):
    """Columns or types do not fit: a collision, or an existing table of another schema."""


class UnknownColumnError(SchemaError, UnknownNameError):
    """No column of that name."""


class ContractError(TerminalError):
    """The table breaks its contract where the contract says `freeze`; nothing was loaded.

    Attributes:
        file: the source file, if it is known.
        row: 1-based row of the table, if one row is at fault.
        column, value: at fault, if known.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        value: str | None = None,
    ) -> None:
        """Keep the place beside the message, which names it too."""
        super().__init__(message)
        self.file = file
        self.row = row
        self.column = column
        self.value = value


class MismatchError(SchemaError):
    """A value does not fit the type that was asked for, where that stops the run.

    Attributes:
        row: 1-based row of the table.
        column, value: at fault.
    """

    def __init__(self, message: str, *, row: int, column: str, value: str) -> None:
        """Keep the place beside the message, which names it too."""
        super().__init__(message)
        self.row = row
        self.column = column
        self.value = value


class RejectLimitError(TerminalError):
    """More rows were rejected than allowed; nothing was loaded."""


class QualityLimitError(TerminalError):
    """Synthetic rows are not as good as asked for; nothing was loaded."""


class ModelError(TerminalError):
    """A language or embedding model can't be used or answered nothing usable."""


class UnknownModelError(ModelError, UnknownNameError):
    """No model, file or folder of that name."""


class MissingPackageError(ModelError, UsageError):
    """What was asked for needs a package that is not installed; the message says how to get it."""


class CostLimitError(TerminalError):
    """The next call to a language model might cost more than the run may spend."""


class ExportError(TerminalError):
    """Files can't be written where they were asked for."""


class WarehouseError(TerminalError):
    """The warehouse refused a statement, or holds something that must not be overwritten."""


class UnknownTableError(WarehouseError, UnknownNameError):
    """No database, or no table in it, of that name."""


class WarehouseBusyError(TransientError):
    """The warehouse is in use elsewhere: its lock is held, or it was changed meanwhile."""


class EngineError(TransientError):
    """Workers can't be reached, or were lost for good; what was finished is kept."""


class RecipeError(UsageError):
    """A recipe file can't be used: no `recipe` function, an unknown or ill-typed parameter."""


class SessionLockedError(TransientError):
    """Another process works in the same session."""
