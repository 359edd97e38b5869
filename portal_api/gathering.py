"""Commits works together that wait at one moment, as the database does with its log: one commit for many requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

    from portal_api.dependencies import Edge

    Work = Callable[[psycopg.Connection], Any]

_T = TypeVar("_T")
MOST = 64


class Gathering:
    """Works of one event loop, in the order in which they came; while some are committed the next ones gather.

    Each is answered after the commit of the transaction it was done in. When a transaction of several fails, each of
    them is done in one of its own: a work that cannot be done keeps no other out.
    """

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def committed(self, work: Callable[[psycopg.Connection], _T]) -> _T:
        """Do the work and commit; raises what it raises, with nothing of it kept."""
        answer: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, answer))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        while self._waiting:
            now, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            results = await run_in_threadpool(self._together, [work for work, _ in now])
            for (_, answer), result in zip(now, results, strict=True):
                if answer.done():
                    continue  # nobody waits for it any more
                if isinstance(result, Exception):
                    answer.set_exception(result)
                else:
                    answer.set_result(result)
        self._runner = None

    def _together(self, works: Sequence[Work]) -> list[Any]:
        try:
            return self._edge.committed(lambda connection: [work(connection) for work in works])
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the work
            return [error] if len(works) == 1 else [self._alone(work) for work in works]

    def _alone(self, work: Work) -> object:
        try:
            return self._edge.committed(work)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the work
            return error
