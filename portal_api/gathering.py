"""Commits things together that come at one moment, as the database does with its log: one commit for many requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

    from portal_api.dependencies import Edge

_Thing = TypeVar("_Thing")
_Result = TypeVar("_Result")
MOST = 64


class Gathering(Generic[_Thing, _Result]):
    """Things of one event loop, in the order in which they come; while some are committed the next ones gather.

    `work` gives a result for each of them. Each is answered after the commit of the transaction it was done in. When a
    transaction of several fails, each is done in one of its own: one that cannot be done keeps no other out.
    """

    def __init__(self, edge: Edge, work: Callable[[psycopg.Connection, Sequence[_Thing]], list[_Result]]) -> None:
        self._edge = edge
        self._work = work
        self._waiting: list[tuple[_Thing, asyncio.Future[_Result]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def committed(self, thing: _Thing) -> _Result:
        """Have the work done on the thing and committed; raises what it raises, with nothing of it kept."""
        answer: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((thing, answer))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        while self._waiting:
            now, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            results = await run_in_threadpool(self._together, [thing for thing, _ in now])
            for (_, answer), result in zip(now, results, strict=True):
                if answer.done():
                    continue  # nobody waits for it any more
                if isinstance(result, Exception):
                    answer.set_exception(result)
                else:
                    answer.set_result(result)
        self._runner = None

    def _together(self, things: Sequence[_Thing]) -> list[Any]:
        try:
            return list(self._edge.committed(lambda connection: self._work(connection, things)))
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the thing
            return [error] if len(things) == 1 else [each for thing in things for each in self._together([thing])]
