"""`expand`: ids replaced by the objects they stand for."""

import copy
from collections.abc import Callable
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.values import Obj

_DEEPEST = 4
# Fields that are there only when they are asked for, such as the payments of an invoice.
ON_REQUEST: dict[tuple[str, str], Callable[[Account, Obj], Any]] = {}


def on_request(kind: str, name: str) -> Callable[[Callable[[Account, Obj], Any]], Callable[[Account, Obj], Any]]:
    """Have the function give that field of that kind of object when a caller expands it."""

    def note(function: Callable[[Account, Obj], Any]) -> Callable[[Account, Obj], Any]:
        ON_REQUEST[kind, name] = function
        return function

    return note


def expanded(account: Account, body: Obj, paths: list[str]) -> Obj:
    """Return a copy of the answer in which the paths are expanded; 400 when there is nothing to expand."""
    made = copy.deepcopy(body)
    for path in paths:
        parts = path.split(".")
        if len(parts) - (parts[0] == "data") > _DEEPEST:
            raise invalid(f"You cannot expand more than 4 levels of a property: {path}", "expand")
        _walk(account, made, parts, path)
    return made


def _walk(account: Account, at: Any, parts: list[str], path: str) -> None:
    if isinstance(at, list):
        for one in at:
            _walk(account, one, parts, path)
        return
    if at is None or not parts:
        return
    first, rest = parts[0], parts[1:]
    lazily = ON_REQUEST.get((at.get("object", ""), first)) if isinstance(at, dict) else None
    if lazily and not at.get(first):
        at[first] = copy.deepcopy(lazily(account, at))
    if not isinstance(at, dict) or first not in at:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    at[first] = _object(account, at[first], path, last=not rest)
    _walk(account, at[first], rest, path)


def _object(account: Account, value: Any, path: str, *, last: bool) -> Any:
    if isinstance(value, list):
        return [_object(account, one, path, last=last) for one in value]
    if not isinstance(value, str):
        return value
    found = account.objects.find(value)
    if found is None:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    return copy.deepcopy(found)
