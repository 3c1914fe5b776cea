"""The command that a run was started with, without what is nobody's to read."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from dreambolt_steps.secret_text import hide_passwords

_OWN = ("dreambolt", "cli.py")
_NOTEBOOK = "ipykernel_launcher.py"
_SIGNED = re.compile(
    r"(?i)([?&][^=&\s]*(?:sig|token|secret|key|credential|password)[^=&\s]*=)[^&\s]+"
)
_NAMED = re.compile(r"(?i)^([\w.-]*(?:password|secret|token|api_?key)[\w.-]*=).+")


def describe_command(argv: Sequence[str] | None = None) -> str:
    """The command line, ready to be typed again; passwords and signatures are left out.

    Args:
        argv: default that of this process.

    Returns: "" where there is none, as in a notebook.

    >>> describe_command(["/usr/bin/dreambolt", "ingest", "https://me:pw@x.org/a b.csv"])
    "dreambolt ingest 'https://me:***@x.org/a b.csv'"
    """
    program, *arguments = sys.argv if argv is None else argv
    path = Path(program)
    if path.name == _NOTEBOOK or not program or program == "-c":
        return ""
    is_own = path.name in _OWN or path.parts[-2:] == ("dreambolt_steps", "__main__.py")
    start = ["dreambolt"] if is_own else ["python", path.name]
    return shlex.join([*start, *map(hide_secrets, arguments)])


def hide_secrets(argument: str) -> str:
    """An argument without passwords of URLs, signatures of queries, and values named as secrets.

    >>> hide_secrets("api_key=abc"), hide_secrets("https://x.org/a?X-Amz-Signature=abc&b=1")
    ('api_key=***', 'https://x.org/a?X-Amz-Signature=***&b=1')
    """
    return _NAMED.sub(r"\1***", _SIGNED.sub(r"\1***", hide_passwords(argument)))
