"""Test clocks: customers whose time stands still until it is advanced."""

import copy

from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.lists import page
from sandbox.stripe.registry import Call, handles
from sandbox.stripe.resources.periods import after
from sandbox.stripe.values import Obj

_KIND = "test_helpers.test_clock"
_DAY = 24 * 3600
_KEPT_SECONDS = 30 * _DAY
# Without a subscription a clock goes two years ahead at most, with one two of its intervals.
_MOST_SECONDS = 2 * 366 * _DAY


@handles("PostTestHelpersTestClocks", "frozen_time name")
def create(call: Call) -> Obj:
    """Make a clock that stands at a time."""
    now = call.account.now()
    made = call.account.new(
        _KIND,
        created=now,
        deletes_after=now + _KEPT_SECONDS,
        frozen_time=call.params["frozen_time"],
        name=call.params.get("name"),
        status="ready",
        status_details={},
    )
    call.account.emit("test_helpers.test_clock.created", made)
    return made


@handles("GetTestHelpersTestClocksTestClock")
def retrieve(call: Call) -> Obj:
    """Return a clock."""
    return call.account.objects.get(_KIND, call.arguments[0])


@handles("PostTestHelpersTestClocksTestClockAdvance", "frozen_time")
def advance(call: Call) -> Obj:
    """Move a clock forward; the answer says `advancing`, the next look `ready`."""
    account, found, to = call.account, retrieve(call), call.params["frozen_time"]
    if to <= found["frozen_time"]:
        raise invalid("A test clock goes forward only.", "frozen_time")
    if to > _furthest(account, found):
        message = "A test clock advances by two intervals of its shortest subscription at most, or two years."
        raise invalid(message, "frozen_time")
    found.update(status="advancing", status_details={"advancing": {"target_frozen_time": to}})
    account.emit("test_helpers.test_clock.advancing", found)
    answer = copy.deepcopy(found)
    found["frozen_time"] = to
    account.pass_time()
    found.update(status="ready", status_details={})
    account.emit("test_helpers.test_clock.ready", found)
    return answer


def _furthest(account: Account, clock: Obj) -> int:
    now: int = clock["frozen_time"]
    rows = [row for row in account.objects.all("subscription") if row["test_clock"] == clock["id"]]
    lasting = [item["price"]["recurring"] for row in rows if not row["ended_at"] for item in row["items"]["data"]]
    return min((after(now, recurring, 2) for recurring in lasting), default=now + _MOST_SECONDS)


@handles("DeleteTestHelpersTestClocksTestClock")
def delete(call: Call) -> Obj:
    """Delete a clock, and its customers with it."""
    account, found = call.account, retrieve(call)
    for customer in account.objects.all("customer"):
        if customer["test_clock"] == found["id"]:
            account.objects.delete(customer)
    for kind in ("subscription", "invoice"):
        for row in account.objects.all(kind):
            if row["test_clock"] == found["id"]:
                account.objects.delete(row)
    account.emit("test_helpers.test_clock.deleted", found)
    return account.objects.delete(found)


@handles("GetTestHelpersTestClocks")
def listed(call: Call) -> Obj:
    """List clocks."""
    return page(call, call.account.objects.all(_KIND))
