"""A LOCATION object: the credentials of a bucket, kept in Firebolt under a name, so that statements
of loads hold none."""

from __future__ import annotations

from dataclasses import replace

from dreambolt_steps.errors import CredentialError, UsageError
from dreambolt_steps.warehouses.firebolt.check import check_firebolt, find_engine
from dreambolt_steps.warehouses.firebolt.connection import FireboltConnection, retry
from dreambolt_steps.warehouses.firebolt.settings import (
    SCHEME,
    FireboltSettings,
    read_credentials,
    read_settings,
)
from dreambolt_steps.warehouses.firebolt.sql.copy import render_create_location
from dreambolt_steps.warehouses.statement import Statement


def create_location(target: str = SCHEME, *, dry_run: bool = False) -> list[str]:
    """Make the LOCATION that FIREBOLT_LOCATION names, unless it is there, and see that the engine
    reads by it.

    It points to FIREBOLT_LOCATION_URL, or to the staging, and holds FIREBOLT_ROLE_ARN (and
    FIREBOLT_EXTERNAL_ID), or else the AWS_ keys.

    Args:
        target: firebolt://, firebolt://DATABASE or firebolt://DATABASE/ENGINE.
        dry_run: only say what would be sent.

    Returns: what was done, a line each; secrets are masked.

    Raises:
        CredentialError: a variable is not set.
        UsageError: the keys are temporary.
        WarehouseError: Firebolt refused, or its engine does not read by the LOCATION.

    Example:
        create_location("firebolt://lake", dry_run=True)
    """
    settings = read_settings(target)
    statement = _plan(settings)
    if dry_run:
        return [f"would send: {statement}"]
    find_engine(settings, start=True)
    # an error may repeat the statement: these settings know what to mask in it
    known = replace(settings, access=read_credentials())
    with retry(lambda: FireboltConnection(known)) as connection:
        connection.ask(statement)
    if settings.staging:
        check_firebolt(target)
    read = f"; the engine reads {settings.staging} by it" if settings.staging else ""
    return [f"LOCATION {settings.access.location} is there{read}"]


def _plan(settings: FireboltSettings) -> Statement:
    name = settings.access.location
    url = settings.access.location_url or settings.staging
    missing = [
        told
        for told, value in (
            ("FIREBOLT_LOCATION", name),
            ("FIREBOLT_LOCATION_URL or FIREBOLT_STAGING", url),
        )
        if not value
    ]
    if not name or not url:
        raise CredentialError(
            f"a LOCATION needs a name and a place: {' and '.join(missing)} not set; set them in the"
            " environment or in .env"
        )
    access = read_credentials()
    if access.role_arn is None and (access.key is None or access.secret is None):
        raise CredentialError(
            f"LOCATION {name} would hold no credentials; set FIREBOLT_ROLE_ARN, or"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if access.token is not None:
        raise UsageError(
            f"LOCATION {name} would stop working when AWS_SESSION_TOKEN expires; set"
            " FIREBOLT_ROLE_ARN, or lasting keys"
        )
    return render_create_location(name, url, access)
