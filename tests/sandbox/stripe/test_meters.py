"""Meters: 35 days back, 5 minutes ahead, an identifier known for a day, a cancellation within a day."""

from collections.abc import Callable

import pytest
import stripe

from sandbox.stripe.serving import Sandbox
from tests.support.stripe_sandbox import client_of

Refused = Callable[..., stripe.StripeError]
MINUTE, DAY = 60, 24 * 3600
NOW = 1_800_000_000


class Metered:
    """A meter and a customer of a stopped account."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.control = sandbox.control
        self.control.clock(now=NOW, stopped=True)
        self.client = client_of(sandbox)
        self.meter = self.client.v1.billing.meters.create(
            {"display_name": "Visits", "event_name": "visit", "default_aggregation": {"formula": "sum"}},
        )
        self.customer = self.client.v1.customers.create({}).id

    def send(self, identifier: str, at: int, value: str = "1", customer: str = "") -> None:
        """Send one event."""
        payload = {"stripe_customer_id": customer or self.customer, "value": value}
        self.client.v1.billing.meter_events.create(
            {"event_name": "visit", "identifier": identifier, "timestamp": at, "payload": payload},
        )

    def counted(self, start: int = NOW - 40 * DAY, end: int = NOW + DAY) -> float:
        """Return what the meter shows."""
        window: stripe.params.billing.MeterEventSummaryListParams = {
            "customer": self.customer,
            "start_time": start,
            "end_time": end,
        }
        (found,) = self.client.v1.billing.meters.event_summaries.list(self.meter.id, window).data
        return found.aggregated_value


@pytest.fixture
def metered(fresh: Sandbox) -> Metered:
    """Return a meter, a customer and a stopped clock."""
    return Metered(fresh)


@pytest.mark.parametrize("at", [NOW - 35 * DAY, NOW, NOW + 5 * MINUTE])
def test_an_event_within_the_limits_is_counted(metered: Metered, at: int) -> None:
    metered.send("a", at)
    assert metered.counted() == 1


@pytest.mark.parametrize(
    ("at", "code"),
    [(NOW - 35 * DAY - 1, "timestamp_too_far_in_past"), (NOW + 5 * MINUTE + 1, "timestamp_in_future")],
)
def test_an_event_outside_the_limits_is_refused(metered: Metered, refused: Refused, at: int, code: str) -> None:
    assert refused(lambda: metered.send("a", at)).code == code
    assert metered.counted() == 0


def test_an_identifier_is_known_for_a_day_and_then_counts_twice(metered: Metered, refused: Refused) -> None:
    metered.send("a", NOW)
    metered.control.clock(advance=DAY - 1)
    assert refused(lambda: metered.send("a", NOW)).code == "duplicate_meter_event"
    metered.control.clock(advance=1)
    metered.send("a", NOW)
    assert metered.counted() == 2


def test_an_event_is_cancelled_within_a_day_of_its_receipt(metered: Metered, refused: Refused) -> None:
    metered.send("a", NOW - 10 * DAY)
    metered.send("b", NOW - 10 * DAY)
    cancel: stripe.params.billing.MeterEventAdjustmentCreateParams = {
        "event_name": "visit",
        "type": "cancel",
        "cancel": {"identifier": "a"},
    }
    metered.client.v1.billing.meter_event_adjustments.create(cancel)
    assert metered.counted() == 1
    metered.control.clock(advance=DAY)
    late = cancel | {"cancel": {"identifier": "b"}}
    assert refused(lambda: metered.client.v1.billing.meter_event_adjustments.create(late)).http_status == 400
    assert metered.counted() == 1


@pytest.mark.parametrize(
    ("value", "customer", "code"),
    [("1.5", "", "meter_event_invalid_value"), ("1", "cus_none", "meter_event_customer_not_found")],
)
def test_an_event_can_be_answered_well_and_never_counted(
    metered: Metered, value: str, customer: str, code: str
) -> None:
    metered.send("a", NOW, value, customer)
    assert metered.counted() == 0
    assert [row["code"] for row in metered.control.meter_errors()] == [code]


def test_a_summary_takes_its_start_and_leaves_its_end(metered: Metered) -> None:
    start = NOW - NOW % MINUTE
    for place, at in enumerate([start - 1, start, start + MINUTE - 1, start + MINUTE]):
        metered.send(str(place), at)
    assert metered.counted(start, start + MINUTE) == 2


def test_a_summary_that_is_not_aligned_is_refused(metered: Metered, refused: Refused) -> None:
    assert refused(lambda: metered.counted(NOW + 1, NOW + MINUTE)).http_status == 400


def test_an_event_name_has_one_active_meter(metered: Metered, refused: Refused) -> None:
    again: stripe.params.billing.MeterCreateParams = {
        "display_name": "Visits",
        "event_name": "visit",
        "default_aggregation": {"formula": "count"},
    }
    assert refused(lambda: metered.client.v1.billing.meters.create(again)).http_status == 400
    metered.client.v1.billing.meters.deactivate(metered.meter.id)
    assert refused(lambda: metered.send("a", NOW)).code == "no_meter"
    assert metered.client.v1.billing.meters.create(again).status == "active"
