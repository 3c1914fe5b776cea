"""`status`: what is installed, which credentials are set, which services answer."""

from __future__ import annotations

import platform
import socket
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from dreambolt_steps.cli.sessions import show_sessions
from dreambolt_steps.settings import CREDENTIALS, FIREBOLT, find_endpoint, find_missing

_PACKAGES = (
    "dreambolt-steps",
    "datadreamer.dev",
    "datasets",
    "duckdb",
    "pyarrow",
    "torch",
    "transformers",
    "s3fs",
    "firebolt-sdk",
)
_DEFAULT_SERVERS = {
    "OpenAI": "https://api.openai.com",
    "S3": "https://s3.amazonaws.com",
}
_TIMEOUT = 3.0


def show_status() -> None:
    """Print versions, credentials by name, services that are set up, and sessions."""
    console = Console()
    console.print(f"python {platform.python_version()}", highlight=False)
    for package in _PACKAGES:
        console.print(f"{package} {_find_version(package)}", highlight=False)
    console.print("\ncredentials", highlight=False)
    show_firebolt(console)
    for service, names in CREDENTIALS.items():
        if service == "Firebolt":
            continue
        missing = find_missing(names)
        for name in names:
            console.print(
                f"  {name}: {'missing' if name in missing else 'present'}", highlight=False
            )
        if not missing or find_endpoint(service):
            console.print(f"  {service}: {reach_service(service)}", highlight=False)
    console.print()
    show_sessions(Path("sessions"))


def show_firebolt(console: Console) -> None:
    """Print which of Firebolt's variables are set, and, where that is enough, what it answers: is
    the engine running, the database there and writable, and does the engine read what is staged?"""
    names = (*CREDENTIALS["Firebolt"], *FIREBOLT)
    missing = find_missing(names)
    for name in names:
        told = "missing" if name in missing else "present"
        console.print(f"  {name}: {told}", highlight=False)
    if "FIREBOLT_CORE_URL" in missing and set(CREDENTIALS["Firebolt"]) & set(missing):
        return
    from dreambolt_steps.errors import DreamboltError
    from dreambolt_steps.warehouses.firebolt.check import run_checks
    from dreambolt_steps.warehouses.firebolt.settings import read_settings

    try:
        settings = read_settings()
    except DreamboltError as error:
        console.print(f"  {error}", highlight=False, markup=False, soft_wrap=True)
        return
    for check in run_checks(settings, settings.staging):
        told = f"{'' if check.problem is None else 'no: '}{check.told}"
        line = f"  Firebolt, {check.name}: {told}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _find_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is not installed"


def reach_service(service: str) -> str:
    """Whether the service's server takes a connection; no credential is sent."""
    server = find_endpoint(service) or _DEFAULT_SERVERS[service]
    address = urlsplit(server if "//" in server else f"//{server}")
    try:
        port = address.port or (80 if address.scheme == "http" else 443)
    except ValueError:
        return f"{address.hostname} has a port that is none"
    try:
        with socket.create_connection((address.hostname or "", port), timeout=_TIMEOUT):
            return f"{address.hostname}:{port} reachable"
    except OSError as error:
        return f"{address.hostname}:{port} not reachable ({error.strerror or error})"
