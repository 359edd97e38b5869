"""Compiles the loops over bytes when they are first called, and keeps what was compiled beside the source."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from types import CellType, FunctionType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import numba
from numba.core import types
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]
    Positions: TypeAlias = NDArray[np.int32]
    Tags: TypeAlias = NDArray[np.int8]

F = TypeVar("F", bound="Callable[..., object]")


def _sources() -> str:
    """Return a hash of the modules that have loops, and of those whose numbers stand in them."""
    modules = sorted(Path(__file__).parent.glob("*.py"))
    sources = [(module.name, module.read_bytes()) for module in modules]
    return sha256(b"".join(s for name, s in sources if b"era835.jit" in s or name in _OF_NUMBERS)).hexdigest()


_OF_NUMBERS = ("columns.py", "notes.py")
_SOURCES = _sources()


def compiled(function: F) -> F:
    """Compile a loop over arrays; it runs without the interpreter's lock, so that another thread can go on.

    The machine code is kept in `__pycache__` (else in the user's cache folder, or in NUMBA_CACHE_DIR) and is made anew
    when a loop changes, whichever it calls. Where no folder can be written, every process compiles for itself, half a
    minute.
    """
    dated = _dated(function)
    try:
        return cast("F", numba.njit(cache=True, nogil=True, error_model="numpy")(dated))
    except RuntimeError:  # no folder for the cache
        return cast("F", numba.njit(nogil=True, error_model="numpy")(dated))


def within(function: F) -> F:
    """Compile a loop that only compiled ones call: it becomes part of them and is not kept by itself."""
    options: Any = {"nogil": True, "error_model": "numpy", "no_cpython_wrapper": True, "forceinline": True}
    return cast("F", numba.njit(**options)(function))


def _dated(function: Callable[..., object]) -> FunctionType:
    """Give a function the sources as a variable that it closes over.

    Numba keeps machine code by what a function closes over and by its own file, whatever the files say that it calls.
    """
    made = cast("FunctionType", function)
    code = made.__code__.replace(co_freevars=(*made.__code__.co_freevars, "_SOURCES"))
    closed = (*(made.__closure__ or ()), CellType(_SOURCES))
    return FunctionType(code, made.__globals__, made.__name__, made.__defaults__, closed)


def primitive(generate: Callable[..., Any]) -> Any:
    """Make what generates machine code a function that loops call."""
    return intrinsic(generate)


@primitive
def pointer(_context: Any, array: Any) -> Any:
    """Return an array's memory, to be read and written by index: no references are counted, nothing is checked."""

    def generated(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    kind: Any = types.CPointer
    return kind(array.dtype)(array), generated
