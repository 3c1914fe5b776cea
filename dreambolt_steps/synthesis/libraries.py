"""The library behind rows that are drawn without a language model; imports nothing heavy."""

from __future__ import annotations

from importlib.util import find_spec

from dreambolt_steps.errors import MissingPackageError

LIBRARY = "pyvinecopulib"


def check_library() -> None:
    """Fail when the library is missing; imports nothing.

    Raises: ModelError saying what to install.
    """
    if find_spec(LIBRARY) is None:
        raise MissingPackageError(
            f"method copula needs {LIBRARY}; install it with "
            'pip install "dreambolt-steps[copula]", or name a model instead'
        )


def name_method() -> str:
    """What made the rows, as their provenance says it: the method, the library and its version."""
    from importlib.metadata import version

    return f"copula ({LIBRARY} {version(LIBRARY)})"
