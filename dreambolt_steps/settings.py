"""Credentials: where they are looked for, and what they are called. Values never leave this
module."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from dreambolt_steps.errors import CredentialError

CREDENTIALS = {
    "OpenAI": ("OPENAI_API_KEY",),
    "S3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    "Firebolt": ("FIREBOLT_CLIENT_ID", "FIREBOLT_CLIENT_SECRET", "FIREBOLT_ACCOUNT"),
    "Masks": ("DREAMBOLT_MASK_KEY",),
}
"""Service -> the environment variables that it needs."""

FIREBOLT = ("FIREBOLT_DATABASE", "FIREBOLT_ENGINE", "FIREBOLT_CORE_URL", "FIREBOLT_STAGING")
"""More variables of Firebolt: database and engine of the managed service, the address of a Firebolt
Core in its place, and where files are staged."""

ENDPOINTS = {
    "OpenAI": ("OPENAI_BASE_URL",),
    "S3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    "Firebolt": (),
    "Masks": (),
}
"""Service -> the variables that name another server than the service's own, the first one wins."""


def load_environment(folder: Path | None = None) -> None:
    """Read `.env` of the working folder; variables that are set already are left as they are.

    Args:
        folder: where `.env` is; the working folder by default.
    """
    from dotenv import load_dotenv

    load_dotenv((folder or Path.cwd()) / ".env", override=False)


def find_missing(names: Sequence[str]) -> list[str]:
    """The names that are not set, or set to nothing."""
    return [name for name in names if not os.environ.get(name)]


def find_endpoint(service: str) -> str | None:
    """The server that the environment names for a service; None for the service's own."""
    return next((os.environ[name] for name in ENDPOINTS[service] if os.environ.get(name)), None)


def require_credentials(service: str) -> None:
    """Check that a service's credentials are set, before any work starts.

    Args:
        service: a key of `CREDENTIALS`.

    Raises:
        CredentialError: names the variables to set.
    """
    missing = find_missing(CREDENTIALS[service])
    if missing:
        raise CredentialError(
            f"{service}: {' and '.join(missing)} not set; set them in the environment or in .env"
        )
