"""Work that is done in a thread of its own while what came before it is used."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

T = TypeVar("T")


def ahead(made: Generator[T], name: str, most: int = 1) -> Iterator[T]:
    """Yield what a generator yields, in its order, of which another thread makes the next `most` meanwhile.

    What it raises is raised here, after what it gave before. Whoever stops taking waits for the one that is being made;
    then the generator is closed.
    """
    worker = ThreadPoolExecutor(1, name)
    try:
        waiting = deque(worker.submit(next, made, None) for _ in range(most))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(worker.submit(next, made, None))
            yield item
    finally:
        worker.shutdown(cancel_futures=True)
        made.close()
