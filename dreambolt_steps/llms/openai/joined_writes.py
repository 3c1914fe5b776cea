"""Many small writes of one event loop, joined into few."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")


class JoinedWrites(Generic[Item]):
    """Writes together what comes in during one round of the event loop (group commit): answers
    come in bursts, and a transaction for each would hold up the requests that follow them.

    Args:
        write: writes a list, all or nothing.

    >>> written = []
    >>> async def add_three():
    ...     writes = JoinedWrites(lambda items: written.append(list(items)))
    ...     await asyncio.gather(*map(writes.add, "abc"))
    >>> asyncio.run(add_three())
    >>> written
    [['a', 'b', 'c']]
    """

    def __init__(self, write: Callable[[Sequence[Item]], None]) -> None:
        self._write = write
        self._items: list[Item] = []
        self._written: asyncio.Future[None] | None = None

    async def add(self, item: Item) -> None:
        """Write an item; it is written when this returns, and also when it is cancelled.

        Raises: what `write` raises, for everything that was to be written with it.
        """
        if self._written is None:
            loop = asyncio.get_running_loop()
            self._written = loop.create_future()
            loop.call_soon(self._flush)
        self._items.append(item)
        await asyncio.shield(self._written)

    def _flush(self) -> None:
        items, written = self._items, self._written
        self._items, self._written = [], None
        assert written is not None
        try:
            self._write(items)
        except BaseException as error:
            written.set_exception(error)
        else:
            written.set_result(None)
