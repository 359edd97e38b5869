"""Pages of a list: newest first, by cursor, filtered by time of creation."""

from collections.abc import Callable, Iterable

from sandbox.stripe.errors import invalid
from sandbox.stripe.registry import Call
from sandbox.stripe.values import Obj

_MOST = 100
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "gt": int.__gt__,
    "gte": int.__ge__,
    "lt": int.__lt__,
    "lte": int.__le__,
}


def matching(call: Call, rows: Iterable[Obj], *names: str) -> list[Obj]:
    """Return the rows whose fields equal the parameters of those names, where given."""
    asked = call.given(*names)
    return [row for row in rows if all(row.get(name) == value for name, value in asked.items())]


def page(call: Call, rows: Iterable[Obj], *, ordered: bool = False) -> Obj:
    """Return Stripe's list object of one page; rows come newest first unless they are ordered already."""
    found = [row for row in rows if _in_range(row, call.params.get("created"))]
    if not ordered:
        order = call.account.objects.order
        found.sort(key=lambda row: (_made_at(row), order[row["id"]]), reverse=True)
    limit = call.params.get("limit", 10)
    if not 1 <= limit <= _MOST:
        raise invalid("Invalid limit: must be between 1 and 100", "limit", "parameter_invalid_integer")
    cut, more = _cut(call, found, limit)
    return {"object": "list", "data": cut, "has_more": more, "url": call.path}


def whole(rows: list[Obj], url: str) -> Obj:
    """Return Stripe's list object of all the rows, as it stands within another object."""
    return {"object": "list", "data": rows, "has_more": False, "url": url}


def _cut(call: Call, rows: list[Obj], limit: int) -> tuple[list[Obj], bool]:
    after, before = call.params.get("starting_after"), call.params.get("ending_before")
    if after and before:
        raise invalid("You may only provide one of starting_after and ending_before.", "starting_after")
    if before:
        rest = rows[: _place(rows, before, "ending_before")]
        return rest[-limit:], len(rest) > limit
    rest = rows[_place(rows, after, "starting_after") + 1 :] if after else rows
    return rest[:limit], len(rest) > limit


def _place(rows: list[Obj], object_id: str, param: str) -> int:
    for place, row in enumerate(rows):
        if row["id"] == object_id:
            return place
    raise invalid(f"No such object in this list: '{object_id}'", param, "resource_missing")


def _in_range(row: Obj, asked: Obj | int | None) -> bool:
    if asked is None:
        return True
    if isinstance(asked, int):
        return _made_at(row) == asked
    return all(_COMPARE[name](_made_at(row), value) for name, value in asked.items())


def _made_at(row: Obj) -> int:
    made: int = row["date"] if "date" in row else row["created"]  # an invoice item has a date only
    return made
