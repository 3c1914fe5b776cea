"""Panics of libraries written in Rust: errors like others, without a backtrace on the screen."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def is_panic(error: BaseException) -> bool:
    """Tell whether an exception is what pyo3 makes of a panic; its class can't be imported."""
    return type(error).__name__ == "PanicException"


@contextmanager
def hide_panic() -> Iterator[None]:
    """Hold back what is written to file descriptor 2; write it at the end, unless it is of a panic.

    calamine 0.37 panics on some damaged files, and Rust prints a backtrace before Python knows.
    """
    sys.stderr.flush()
    panicked = False
    with tempfile.TemporaryFile() as held:
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException as error:
            panicked = is_panic(error)
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            if not panicked and (text := held.read()):
                os.write(2, text)
