"""What firebolt-sdk and the network raise, as one clear line each."""

from __future__ import annotations

import re

from dreambolt_steps.errors import (
    CredentialError,
    DreamboltError,
    WarehouseBusyError,
    WarehouseError,
)
from dreambolt_steps.warehouses.firebolt.settings import FireboltSettings
from dreambolt_steps.warehouses.statement import Statement

_BUSY = (429, 502, 503, 504)
_LONGEST = 500


class EngineStoppedError(WarehouseError):
    """The engine does not run."""


class ConnectionLostError(WarehouseBusyError):
    """The connection broke: whether the statement was carried out is not known."""


def explain(
    error: Exception,
    settings: FireboltSettings,
    statement: Statement | None = None,
    status: int | None = None,
) -> DreamboltError:
    """Say what went wrong, where, and what to do; secrets are masked.

    Args:
        error: of firebolt-sdk or httpx.
        settings: whose secrets are masked.
        statement: that was sent.
        status: of the last HTTP answer; firebolt-sdk 1.18.6 raises a plain text without it.

    Returns: WarehouseBusyError if trying again may help (ConnectionLostError if nobody knows what
        the server did), else CredentialError or WarehouseError.
    """
    import httpx
    from firebolt.utils.exception import (
        AccountNotFoundOrNoAccessError,
        AuthenticationError,
        AuthorizationError,
        EngineNotRunningError,
        QueryTimeoutError,
    )

    where = settings.core_url or settings.name
    told = _shorten(settings.mask(str(error)))
    if "CERTIFICATE_VERIFY_FAILED" in told:
        return WarehouseError(
            f"{where}: its certificate is not trusted here, so nothing was sent to it"
            f" ({told.partition('CERTIFICATE_VERIFY_FAILED] ')[2]}); check the address, or name the"
            " certificate of its authority in SSL_CERT_FILE"
        )
    if isinstance(error, QueryTimeoutError | httpx.TransportError):
        sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        kind = WarehouseBusyError if sent else ConnectionLostError
        return kind(
            f"{where}: the connection {'could not be made' if sent else 'broke'}"
            f" ({type(error).__name__}); check the network and the address, and run again"
        )
    if isinstance(error, AuthenticationError | AuthorizationError):
        return CredentialError(
            f"{where} refused the credentials; check FIREBOLT_CLIENT_ID and FIREBOLT_CLIENT_SECRET"
        )
    if isinstance(error, AccountNotFoundOrNoAccessError):
        return CredentialError(
            f"{where}: account {settings.account!r} is not there for these credentials; check"
            " FIREBOLT_ACCOUNT, and that the service account has a user in it"
        )
    stopped = re.search(r"engine .*(not running|stopped)", told, re.IGNORECASE)
    if isinstance(error, EngineNotRunningError) or stopped:
        return EngineStoppedError(
            f"{where}: engine {settings.engine!r} does not run; a load starts it"
        )
    if status in _BUSY:
        return WarehouseBusyError(f"{where} is busy: {told}; run again")
    if re.search(r"conflict", told, re.IGNORECASE):
        return WarehouseBusyError(f"{where} was changed by somebody else meanwhile; run again")
    if settings.access.location and re.search(r"location .* does not exist", told, re.IGNORECASE):
        return WarehouseError(
            f"{where}: there is no LOCATION {settings.access.location}; `dreambolt create-location`"
            " makes it from the credentials in the environment"
        )
    if re.search(r"database .* does not exist", told, re.IGNORECASE):
        return WarehouseError(
            f"{where}: there is no database {settings.database!r}, or no way in for this user;"
            " check FIREBOLT_DATABASE"
        )
    if re.search(r"not authorized|permission|denied", told, re.IGNORECASE) and status != 401:
        return WarehouseError(f"{where}: {told}; ask for the privilege, or use another user")
    sent_text = f" at {' '.join(str(statement).split()[:6])} .." if statement else ""
    return WarehouseError(f"{where}{sent_text}: {told}")


def _shorten(text: str) -> str:
    plain = " ".join(text.split()) or "no reason told"
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST] + ".."
