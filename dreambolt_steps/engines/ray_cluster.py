"""Joining a Ray cluster, or starting one on this machine."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any

from dreambolt_steps.errors import EngineError, MissingPackageError, UsageError
from dreambolt_steps.log import current_reporter

ADDRESS_VARIABLE = "RAY_ADDRESS"
_VARIABLES = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # Ray 2.60 warns at every start without it
}
# By it Ray 2.60 keeps to 127.0.0.1, as it does on macOS and Windows; read when it is imported.
_LOCAL_VARIABLES = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
_DEATH = "A worker died"
_PATIENCE = 5.0  # seconds for a cluster to answer
_PREFACE, _SETTINGS = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0\0\0\x04\0\0\0\0\0"
_STORE_BYTES = 1 << 28  # of the object store of a local cluster, for each core


def find_address(given: str | None) -> str | None:
    """The address of the cluster to join: the one that was given, else RAY_ADDRESS; None to start
    one here.

    Raises:
        UsageError: Ray is not installed, or the address is none.
        EngineError: nothing listens there.
    """
    if find_spec("ray") is None:
        raise MissingPackageError(
            "engine ray needs Ray; run: pip install 'dreambolt-steps[ray]', or leave --engine out"
        )
    address = given or os.environ.get(ADDRESS_VARIABLE) or None
    if address is None or address == "auto":
        return address
    if address.startswith("ray://"):
        raise UsageError(
            f"{address} is of Ray Client; name the cluster itself, HOST:6379, on a machine that is "
            "a node of it"
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"address {address!r} is none of a Ray cluster; write HOST:PORT, or auto")
    try:
        reason = "" if _speaks_grpc(host.strip("[]"), int(port)) else "something else listens"
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        raise EngineError(
            f"no Ray cluster answers at {address} ({reason}); start one with `ray start --head`, "
            "or leave the address out to use this machine"
        )
    return address


def join_cluster(address: str | None) -> tuple[Any, bool]:
    """Join the cluster at an address, or start one of this machine's cores. One that the process is
    part of already is used as it is.

    Returns: the module `ray`, and whether the cluster is to be left at the end.
    Raises: EngineError when there is none, or none can be started.
    """
    keeps_here = address is None or _is_only_here(address)
    with _set_variables(_VARIABLES | _LOCAL_VARIABLES if keeps_here else _VARIABLES):
        import ray

        if ray.is_initialized():
            return ray, False
        settings: dict[str, Any] = {"address": address or "local"}
        if address is None:
            store = ((os.cpu_count() or 1) + 1) * _STORE_BYTES
            settings |= {"include_dashboard": False, "object_store_memory": store}
        try:
            ray.init(**settings, logging_level=logging.ERROR, log_to_driver=False)
        except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            with suppress(Exception):
                ray.shutdown()
            place = f"at {address}" if address else "on this machine"
            reason = (str(error).strip() or type(error).__name__).split("\n")[0].rstrip(".")
            if "AuthenticationError" in str(error.__cause__):
                reason = "it wants a token (RAY_AUTH_MODE=token, as Ray's documentation has it)"
            raise EngineError(
                f"no Ray cluster can be used {place}: {reason}; this machine has to be a node of "
                "it, with the same versions of Ray and Python"
            ) from error
    _tell_of_deaths()
    return ray, True


@contextmanager
def _set_variables(variables: Mapping[str, str]) -> Iterator[None]:
    """Set what is not set, for the time of the block."""
    added = [name for name in variables if name not in os.environ]
    os.environ.update({name: variables[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _tell_of_deaths() -> None:
    """Tell of a worker that died in a line of ours. Ray 2.60 prints a page of it to standard
    output, also where it was told to print nothing of its workers."""
    from ray._private import worker

    def tell(data: Mapping[str, Any], **_options: Any) -> None:
        if any(line.startswith(_DEATH) for line in data.get("lines", ())):
            current_reporter().say(
                "a worker of the Ray cluster died; it is replaced, and its work done again",
                logging.WARNING,
            )

    worker.print_to_stdstream = tell


def _is_only_here(address: str) -> bool:
    """Whether a cluster listens on 127.0.0.1 and not where this machine's other addresses lead,
    which Ray puts in place of 127.0.0.1."""
    host, _, port = address.rpartition(":")
    if host not in ("127.0.0.1", "localhost"):
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 1))  # sends nothing; shows by which address it would
        host = probe.getsockname()[0]
    try:
        return host.startswith("127.") or not _speaks_grpc(host, int(port))
    except OSError:
        return True


def _speaks_grpc(host: str, port: int) -> bool:
    """Whether a gRPC server listens: it answers the preface of HTTP/2 with its settings (RFC 9113,
    3.4). Ray 2.60 itself waits for minutes where something else listens.

    Raises: OSError when nothing does.
    """
    with socket.create_connection((host, port), _PATIENCE) as connection:
        if os.environ.get("RAY_USE_TLS") == "1":
            return True
        connection.settimeout(_PATIENCE)
        connection.sendall(_PREFACE + _SETTINGS)
        try:
            return connection.recv(4)[3:] == _SETTINGS[3:4]
        except TimeoutError:
            return False
