"""The engine of the run that is going on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dreambolt_steps.engines.engine import Engine
from dreambolt_steps.engines.local import LOCAL
from dreambolt_steps.errors import UsageError
from dreambolt_steps.unknown_names import tell_known

ENGINES = ("local", "ray")
_current: list[Engine] = [LOCAL]


def current_engine() -> Engine:
    """The engine that steps use now."""
    return _current[-1]


@contextmanager
def use_engine(name: str = "local", address: str | None = None) -> Iterator[Engine]:
    """Have steps inside the block do their work on an engine. Results are the same on each, so it
    is no part of what the cache goes by: a session begun on one goes on on another.

    Args:
        name: local: in this process; or ray: on a Ray cluster, which needs the extra `ray`.
        address: of a running cluster that this machine is a node of, HOST:PORT or auto; by default
            a cluster of this machine's own cores is started for the time of the block.

    Raises:
        UsageError: an unknown engine, an address that is none, or Ray is not installed.
        EngineError: nothing answers at the address.

    Example:
        >>> with use_engine("ray"):  # doctest: +SKIP
        ...     EmbedColumns("embed", inputs=columns(clean), args={"columns": ["name"]})
    """
    engine = open_engine(name, address)
    _current.append(engine)
    try:
        yield engine
    finally:
        _current.remove(engine)
        engine.close()


def open_engine(name: str, address: str | None = None) -> Engine:
    """An engine by its name; `use_engine` says of what.

    Raises: UsageError, EngineError.
    """
    if name not in ENGINES:
        raise UsageError(f"there is no engine {name!r}; {tell_known(name, ENGINES)}")
    if name == "ray":
        from dreambolt_steps.engines.ray_engine import RayEngine

        return RayEngine(address)
    if address is not None:
        raise UsageError(f"address {address} is of a Ray cluster; choose engine ray with it")
    return LOCAL
