"""Compiles the loops over bytes when they are first called, and keeps what was compiled beside the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")


def compiled(function: F) -> F:
    """Compile a loop over arrays; it runs without the interpreter's lock, so that another thread can go on.

    The machine code is kept in `__pycache__` (else in the user's cache folder, or in NUMBA_CACHE_DIR) and is made anew
    when the source changes. Where no folder can be written, every process compiles for itself, ten seconds and more.
    """
    try:
        return cast("F", numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no folder for the cache
        return cast("F", numba.njit(nogil=True)(function))
