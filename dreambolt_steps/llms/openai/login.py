"""Logins that stand in the address of a server: taken out of it, and sent as a header.

The address is shown in messages, reports and logs, and kept in sessions; the login never is. It
stays in the memory of the process, and in the environment where it came from there.
"""

from __future__ import annotations

import base64
import os
from urllib.parse import unquote, urlsplit, urlunsplit

_VARIABLE = "OPENAI_BASE_URL"
_logins: dict[str, str] = {}  # address without login -> "user:password"


def take_login(url: str) -> str:
    """The address without the login in it, which is remembered for `authorize`.

    >>> take_login("https://me:pw@models.example.org/v1/")
    'https://models.example.org/v1'
    """
    address, login = _split(url)
    if login is not None:
        _logins[address] = login
    return address


def authorize(address: str, key: str) -> dict[str, str]:
    """The header that lets a request in: the login of the address where it had one, else the key.

    >>> take_login("https://me:pw@models.example.org/v1") and None
    >>> authorize("https://models.example.org/v1", "none")
    {'Authorization': 'Basic bWU6cHc='}
    >>> authorize("https://other.example.org/v1", "k")
    {'Authorization': 'Bearer k'}
    """
    login = _logins.get(address)
    if login is None and "@" in os.environ.get(_VARIABLE, ""):
        known, told = _split(os.environ[_VARIABLE])
        login = told if known == address else None
    if login is None:
        return {"Authorization": f"Bearer {key}"}
    return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}


def _split(url: str) -> tuple[str, str | None]:
    parts = urlsplit(url)
    told, at, host = parts.netloc.rpartition("@")
    plain = urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment)).rstrip("/")
    return (plain, unquote(told) if ":" in told else f"{unquote(told)}:") if at else (plain, None)
