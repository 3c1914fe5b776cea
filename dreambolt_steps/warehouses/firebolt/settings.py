"""Where Firebolt is and how to get in: from the environment, which `.env` is read into."""

from __future__ import annotations

import ipaddress
import os
import resource
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dreambolt_steps.arguments.warehouse import FIREBOLT as SCHEME
from dreambolt_steps.errors import CredentialError, UsageError
from dreambolt_steps.warehouses.firebolt.sql.copy import S3Access
from dreambolt_steps.warehouses.statement import Secret

_CORE_DATABASE = "firebolt"
_MANAGED = (
    "FIREBOLT_CLIENT_ID",
    "FIREBOLT_CLIENT_SECRET",
    "FIREBOLT_ACCOUNT",
    "FIREBOLT_DATABASE",
    "FIREBOLT_ENGINE",
)
_API_ENDPOINT = "api.app.firebolt.io"


@dataclass(frozen=True)
class FireboltSettings:
    """One database of Firebolt, and how its engine gets at staged files.

    Args:
        database: its name.
        core_url: of Firebolt Core; None: the managed service.
        engine, account, client_id, client_secret, api_endpoint: of the managed service.
        staging: s3://bucket/prefix/ that files are staged below; None: nowhere.
        access: how the engine reads staged files.
    """

    database: str
    core_url: str | None = None
    engine: str | None = None
    account: str | None = None
    client_id: Secret | None = None
    client_secret: Secret | None = None
    api_endpoint: str = _API_ENDPOINT
    staging: str | None = None
    access: S3Access = field(default_factory=S3Access)

    @property
    def name(self) -> str:
        """How the database is called in messages; never holds a secret."""
        return f"{SCHEME}{self.database}" + (f"/{self.engine}" if self.engine else "")

    def mask(self, text: str) -> str:
        """A text, such as an error of the server, with every secret replaced by its name."""
        secrets = (
            self.client_id,
            self.client_secret,
            self.access.key,
            self.access.secret,
            self.access.token,
        )
        for secret in secrets:
            if secret is not None and secret.value:
                for form in {secret.value, secret.value.replace("'", "''")}:
                    text = text.replace(form, str(secret))
        return text


def is_firebolt(target: object) -> bool:
    """Whether a target of a load is Firebolt.

    >>> is_firebolt("firebolt://lake"), is_firebolt("out/x.duckdb")
    (True, False)
    """
    return str(target).startswith(SCHEME)


def read_settings(target: str = SCHEME) -> FireboltSettings:
    """Read the settings of a target from the environment.

    FIREBOLT_CORE_URL names a Firebolt Core. Without it the managed service is meant:
    FIREBOLT_CLIENT_ID, FIREBOLT_CLIENT_SECRET, FIREBOLT_ACCOUNT, FIREBOLT_DATABASE,
    FIREBOLT_ENGINE. Files are staged below FIREBOLT_STAGING; the engine reads them by
    FIREBOLT_LOCATION (a LOCATION object, which points to FIREBOLT_LOCATION_URL or to the staging),
    else by FIREBOLT_ROLE_ARN (and FIREBOLT_EXTERNAL_ID), else with the AWS_ keys.

    Args:
        target: firebolt://, or firebolt://DATABASE, or firebolt://DATABASE/ENGINE, which go before
            the environment.

    Raises:
        CredentialError: names the variables to set.
        UsageError: the target holds more than database and engine, or http would be used beyond
            this machine.
    """
    _forbid_core_dumps()
    database, engine = _read_target(target)
    core_url = _read("FIREBOLT_CORE_URL")
    staging = _read_staging()
    access = _read_access(staging)
    if core_url:
        if engine:
            raise UsageError(f"{target}: Firebolt Core has no named engines; name a database only")
        _check_http("FIREBOLT_CORE_URL", core_url)
        database = database or _read("FIREBOLT_DATABASE") or _CORE_DATABASE
        return FireboltSettings(database, core_url=core_url, staging=staging, access=access)
    given = {"FIREBOLT_DATABASE": database, "FIREBOLT_ENGINE": engine}
    missing = [name for name in _MANAGED if not (given.get(name) or _read(name))]
    if missing:
        raise CredentialError(
            f"Firebolt: {', '.join(missing)} not set; set them in the environment or in .env, or"
            " FIREBOLT_CORE_URL for a Firebolt Core"
        )
    endpoint = _read("FIREBOLT_API_ENDPOINT") or _API_ENDPOINT
    _check_http("FIREBOLT_API_ENDPOINT", endpoint if "//" in endpoint else f"https://{endpoint}")
    return FireboltSettings(
        database or os.environ["FIREBOLT_DATABASE"],
        engine=engine or os.environ["FIREBOLT_ENGINE"],
        account=os.environ["FIREBOLT_ACCOUNT"],
        client_id=_read_secret("FIREBOLT_CLIENT_ID"),
        client_secret=_read_secret("FIREBOLT_CLIENT_SECRET"),
        api_endpoint=endpoint,
        staging=staging,
        access=access,
    )


def read_staging(staging: str) -> str:
    """Check a place for staged files, and end it with a slash.

    Raises:
        UsageError: it is no s3:// URI of a bucket.

    >>> read_staging("s3://bucket/staging")
    's3://bucket/staging/'
    """
    bucket, _, prefix = staging.removeprefix("s3://").partition("/")
    odd = "//" in f"/{prefix}" or "'" in staging
    if not staging.startswith("s3://") or not bucket or odd:
        raise UsageError(f"{staging!r} is no place to stage files; give it as s3://bucket/prefix/")
    return f"s3://{bucket}/{prefix.strip('/')}".rstrip("/") + "/"


def _forbid_core_dumps() -> None:
    """A crash must not write what the environment holds to a disk.

    Linux hands a dump to a program (kernel.core_pattern with a pipe) at every limit but 1, which is
    too small for a file as well.
    """
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (min(hard, 1) if hard >= 0 else 1, hard))


def _read_target(target: str) -> tuple[str, str]:
    parts = urlsplit(target)
    if parts.username or parts.password or parts.query or parts.fragment or parts.port:
        raise UsageError(
            "a firebolt:// target names a database and an engine only; set credentials and"
            " addresses in the environment or in .env"
        )
    database, _, engine = target.removeprefix(SCHEME).partition("/")
    if "/" in engine:
        raise UsageError(f"{target}: give it as firebolt://DATABASE/ENGINE")
    return database, engine


def _read(name: str) -> str | None:
    return os.environ.get(name) or None


def _read_secret(name: str) -> Secret | None:
    value = _read(name)
    return None if value is None else Secret(name, value)


def _read_staging() -> str | None:
    staging = _read("FIREBOLT_STAGING")
    return None if staging is None else read_staging(staging)


def _read_access(staging: str | None) -> S3Access:
    location = _read("FIREBOLT_LOCATION")
    if location:
        return S3Access(location=location, location_url=_read("FIREBOLT_LOCATION_URL") or staging)
    return read_credentials()


def read_credentials() -> S3Access:
    """The role or the keys of the environment that S3 is read with, whether or not a LOCATION is
    named."""
    role = _read("FIREBOLT_ROLE_ARN")
    if role:
        return S3Access(role_arn=role, external_id=_read("FIREBOLT_EXTERNAL_ID"))
    return S3Access(
        key=_read_secret("AWS_ACCESS_KEY_ID"),
        secret=_read_secret("AWS_SECRET_ACCESS_KEY"),
        token=_read_secret("AWS_SESSION_TOKEN"),
    )


def _check_http(name: str, url: str) -> None:
    """Refuse http to another machine: statements can hold credentials."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"{name}: {url!r} is no http:// or https:// address")
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
    if parts.scheme == "http" and not local and _read("FIREBOLT_ALLOW_HTTP") != "1":
        raise UsageError(
            f"{name}: {url} would send credentials in the clear; use https, or set"
            " FIREBOLT_ALLOW_HTTP=1 if the network is yours"
        )
