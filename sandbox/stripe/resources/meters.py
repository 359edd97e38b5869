"""Meters and their events: what is counted for metered prices, with Stripe's limits of time."""

from dataclasses import dataclass

from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles
from sandbox.stripe.values import Obj

_MINUTE, _HOUR, _DAY = 60, 3600, 24 * 3600
# How old and how early an event may be, how long its identifier is known, how long it can be cancelled.
OLDEST_SECONDS, EARLIEST_SECONDS = 35 * _DAY, 5 * _MINUTE
IDENTIFIER_SECONDS = CANCEL_SECONDS = _DAY
_LONGEST = 100


@dataclass
class Recorded:
    """An event as the meter holds it; `value` is whole, as Stripe takes no fractions."""

    identifier: str
    customer: str
    value: int
    at: int
    received: int
    cancelled: bool = False


def events_of(account: Account, meter: str) -> list[Recorded]:
    """Return all that a meter ever recorded, in the order it came."""
    found: list[Recorded] = account.objects.notes[meter].setdefault("events", [])
    return found


def usage(account: Account, meter: str, customer: str, start: int, end: int) -> int:
    """Return what the meter shows for a customer from start up to, but without, end (seconds); may be negative."""
    formula = account.objects.get("billing.meter", meter)["default_aggregation"]["formula"]
    rows = [row for row in events_of(account, meter) if row.customer == customer and not row.cancelled]
    counted = [row for row in rows if start <= row.at < end]
    if formula == "count":
        return len(counted)
    if formula == "last":
        return max(counted, key=lambda row: (row.at, row.received)).value if counted else 0
    return sum(row.value for row in counted)


_MAKES = "customer_mapping default_aggregation display_name event_name event_time_window value_settings"


@handles("PostBillingMeters", _MAKES)
def create(call: Call) -> Obj:
    """Make a meter; but for its name it is fixed for ever. An event name has one active meter."""
    account, params = call.account, call.params
    if _active(account, params["event_name"]):
        message = f"There is already an active meter for the event name {params['event_name']}."
        raise invalid(message, "event_name", "resource_already_exists")
    now = account.now()
    return account.new(
        "billing.meter",
        created=now,
        updated=now,
        customer_mapping=params.get("customer_mapping", {"type": "by_id", "event_payload_key": "stripe_customer_id"}),
        default_aggregation=params["default_aggregation"],
        display_name=params["display_name"],
        event_name=params["event_name"],
        event_time_window=params.get("event_time_window"),
        status="active",
        status_transitions={"deactivated_at": None},
        value_settings=params.get("value_settings", {"event_payload_key": "value"}),
    )


def _active(account: Account, event_name: str) -> Obj | None:
    rows = account.objects.all("billing.meter")
    return next((row for row in rows if row["event_name"] == event_name and row["status"] == "active"), None)


@handles("GetBillingMetersId")
def retrieve(call: Call) -> Obj:
    """Return a meter."""
    return call.account.objects.get("billing.meter", call.arguments[0])


@handles("PostBillingMetersId", "display_name")
def update(call: Call) -> Obj:
    """Change a meter's display name."""
    found = retrieve(call)
    found.update(call.given("display_name"), updated=call.account.now())
    return found


@handles("PostBillingMetersIdDeactivate")
def deactivate(call: Call) -> Obj:
    """Have a meter take no more events."""
    return _switched(call, "inactive", call.account.now())


@handles("PostBillingMetersIdReactivate")
def reactivate(call: Call) -> Obj:
    """Have a meter take events again."""
    return _switched(call, "active", None)


def _switched(call: Call, status: str, at: int | None) -> Obj:
    found = retrieve(call)
    if found["status"] == status:
        raise invalid(f"The meter is {status} already.", "id")
    found.update(status=status, status_transitions={"deactivated_at": at}, updated=call.account.now())
    return found


@handles("GetBillingMeters", "status")
def listed(call: Call) -> Obj:
    """List meters."""
    return page(call, matching(call, call.account.objects.all("billing.meter"), "status"))


@handles("PostBillingMeterEvents", "event_name identifier payload timestamp")
def record(call: Call) -> Obj:
    """Take an event. Whom or what it counts is looked at after the answer, as at Stripe: see `meter_errors`."""
    account, params = call.account, call.params
    meter = _active(account, params["event_name"])
    if meter is None:
        message = f"No active meter found for the event name {params['event_name']}."
        raise invalid(message, "event_name", "no_meter")
    customer = params["payload"].get(meter["customer_mapping"]["event_payload_key"], "")
    now = account.now(customer)
    at = params.get("timestamp", now)
    if at < now - OLDEST_SECONDS:
        message = "The timestamp must be within the past 35 days."
        raise invalid(message, "timestamp", "timestamp_too_far_in_past")
    if at > now + EARLIEST_SECONDS:
        message = "The timestamp must be no more than 5 minutes in the future."
        raise invalid(message, "timestamp", "timestamp_in_future")
    made = account.objects.loose("billing.meter_event", created=now, event_name=params["event_name"], timestamp=at)
    made["payload"] = params["payload"]
    made["identifier"] = params.get("identifier") or f"mtre_{account.objects.number()}"
    _check_identifier(account, meter, made["identifier"], now)
    _take(account, meter, customer, made)
    return made


def _check_identifier(account: Account, meter: Obj, identifier: str, now: int) -> None:
    if len(identifier) > _LONGEST:
        raise invalid("An identifier has at most 100 characters.", "identifier")
    seen = account.objects.notes[meter["id"]].setdefault("identifiers", {})
    if now - seen.get(identifier, now - IDENTIFIER_SECONDS) < IDENTIFIER_SECONDS:
        message = f"An event already exists with identifier {identifier}."
        raise invalid(message, "identifier", "duplicate_meter_event")
    seen[identifier] = now


def _take(account: Account, meter: Obj, customer: str, event: Obj) -> None:
    counts = meter["default_aggregation"]["formula"] == "count"
    value = event["payload"].get(meter["value_settings"]["event_payload_key"], "1" if counts else "")
    found = account.objects.find(customer)
    if found is None or found["object"] != "customer" or found.get("deleted"):
        _miss(account, meter, event, "meter_event_customer_not_found")
    elif not value.removeprefix("-").isdigit():
        _miss(account, meter, event, "meter_event_invalid_value")
    else:
        row = Recorded(event["identifier"], customer, int(value), event["timestamp"], event["created"])
        events_of(account, meter["id"]).append(row)


def _miss(account: Account, meter: Obj, event: Obj, code: str) -> None:
    errors = account.objects.notes["meter_errors"].setdefault("rows", [])
    errors.append({"meter": meter["id"], "identifier": event["identifier"], "code": code})


@handles("PostBillingMeterEventAdjustments", "cancel event_name type")
def adjust(call: Call) -> Obj:
    """Cancel an event by its identifier, within 24 hours of its receipt; a finalised invoice stays as it is."""
    account, params = call.account, call.params
    meter, identifier = _active(account, params["event_name"]), params.get("cancel", {}).get("identifier")
    if meter is None or identifier is None:
        raise invalid("Give the event name of an active meter, and cancel[identifier].", "cancel[identifier]")
    rows = [row for row in events_of(account, meter["id"]) if row.identifier == identifier and not row.cancelled]
    if not rows:
        raise invalid(f"No event with identifier {identifier}.", "cancel[identifier]", "resource_missing")
    newest = rows[-1]
    if account.now(newest.customer) - newest.received >= CANCEL_SECONDS:
        raise invalid("An event can be cancelled within 24 hours of its receipt.", "cancel[identifier]")
    newest.cancelled = True
    made = account.objects.part("billing.meter_event_adjustment", event_name=params["event_name"], type="cancel")
    return made | {
        "status": "pending",
        "cancel": {"identifier": identifier},
        "object": "billing.meter_event_adjustment",
    }


@handles("GetBillingMetersIdEventSummaries", "customer end_time start_time value_grouping_window")
def summaries(call: Call) -> Obj:
    """Return what a meter shows for a customer, whole or by the hour or day; the end is exclusive."""
    params, meter = call.params, retrieve(call)
    window = {"hour": _HOUR, "day": _DAY}.get(params.get("value_grouping_window", ""), 0)
    start, end = params["start_time"], params["end_time"]
    if start % (window or _MINUTE) or end % (window or _MINUTE) or start >= end:
        raise invalid("Times must be aligned with the minute, or the hour or day of the window.", "start_time")
    steps = list(range(start, end, window)) if window else [start]
    rows = [_summary(call, meter, at, at + window if window else end) for at in steps]
    return page(call, [row for row in rows if row["aggregated_value"] or not window][::-1], ordered=True)


def _summary(call: Call, meter: Obj, start: int, end: int) -> Obj:
    value = usage(call.account, meter["id"], call.params["customer"], start, end)
    same = {"meter": meter["id"], "start_time": start, "end_time": end, "aggregated_value": value}
    return call.account.objects.loose("billing.meter_event_summary", **same) | {
        "id": f"mtrusg_{meter['id'][4:]}_{call.params['customer'][4:]}_{start}_{end}",
    }
