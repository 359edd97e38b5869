"""Rows of a query as things of a class, whose fields stand in the order of the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

_T = TypeVar("_T")


def made(kind: Callable[..., _T], rows: Iterable[Sequence[Any]]) -> list[_T]:
    """Return one for each row."""
    return [kind(*row) for row in rows]
