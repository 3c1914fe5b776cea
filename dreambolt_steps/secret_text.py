"""Passwords that stand in URLs, hidden in whatever is shown or kept."""

from __future__ import annotations

import re

_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):[^/\s\"]*@")


def hide_passwords(text: str) -> str:
    """A text without the passwords of the URLs in it.

    >>> hide_passwords("no answer from https://me:p:w@x.org/v1")
    'no answer from https://me:***@x.org/v1'
    """
    return _PASSWORD.sub(r"\1:***@", text) if "://" in text else text
