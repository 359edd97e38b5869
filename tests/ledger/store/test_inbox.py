"""The inbox: any order and any number of events, the same state; dead letters; payloads pruned, keys kept for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from ledger.rules.requests import ChargeVisit
from ledger.rules.stripe_events import Event, read
from ledger.store import customers, inbox
from ledger.store.inbox import Received
from tests.support.webhooks import CREATED, charge, event

if TYPE_CHECKING:
    import psycopg

PATIENT = UUID("00000000-0000-4000-8000-00000000000a")
CUSTOMER = "cus_ABCDEFGH12"


def method(number: int, created: int, customer: str | None = CUSTOMER) -> dict[str, Any]:
    """Return a card."""
    card = {"brand": "visa", "exp_month": 4, "exp_year": 2030, "last4": f"{number:04d}"}
    return {"id": f"pm_{number}", "object": "payment_method", "created": created, "customer": customer, "card": card}


def versions() -> list[Event]:
    """Return events of few objects: versions of different times and of the same, cards that come and go."""
    charges = [read(event(n, charge(n % 3, amount=100 + n), created=CREATED + n // 2)) for n in range(12)]
    cards = [
        read(event(20, method(1, CREATED), created=CREATED + 1)),
        read(event(21, method(2, CREATED + 5), created=CREATED + 6)),
        read(event(22, method(3, CREATED + 7), created=CREATED + 8)),
        read(event(23, method(3, CREATED + 7, None), created=CREATED + 9)),
    ]
    return [*charges, *cards]


def state(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Return all that follows from events."""
    objects = connection.execute("select * from ledger.stripe_object order by object_id").fetchall()
    known = connection.execute("select endpoint, event_id from ledger.inbox order by 1, 2").fetchall()
    cards = connection.execute("select payment_method_id, card_last4 from ledger.customer").fetchall()
    return [*objects, *known, *cards]


def taken(connection: psycopg.Connection, events: list[Event]) -> list[tuple[Any, ...]]:
    """Take events in, look at the state and forget all of it."""
    customers.keep(connection, PATIENT, "practice-1", CUSTOMER)
    for one in events:
        inbox.receive(connection, "payments", one)
    found = state(connection)
    connection.rollback()
    return found


def expected() -> list[tuple[str, str]]:
    """Return the hash of the newest version of every object, worked out apart."""
    newest: dict[str, Event] = {}
    for one in versions():
        before = newest.get(str(one.object_id))
        key = (one.created_at, one.object_sha256)
        if before is None or key > (before.created_at, before.object_sha256):
            newest[str(one.object_id)] = one
    return sorted((name, one.object_sha256) for name, one in newest.items())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_order_and_any_number_give_the_same_state(connection: psycopg.Connection, data: st.DataObject) -> None:
    whole = versions()
    order = data.draw(st.permutations(range(len(whole))))
    again = data.draw(st.lists(st.sampled_from(range(len(whole))), max_size=10))
    places = [*order, *again]
    found = taken(connection, [whole[place] for place in places])
    assert found == taken(connection, whole)
    assert [(row[0], row[3]) for row in found if len(row) == 6] == expected()
    assert found[-1] == ("pm_2", "0002")


def test_a_card_that_was_told_of_before_its_customer_was_kept_is_on_file(connection: psycopg.Connection) -> None:
    inbox.receive(connection, "payments", read(event(1, method(7, CREATED))))
    customers.keep(connection, PATIENT, "practice-1", CUSTOMER)
    found = customers.of_patient(connection, PATIENT)
    assert found is not None
    assert found.card == customers.Card("pm_7", "visa", "0007", "2030-04")


@pytest.mark.parametrize("name", ["card_1AbcDEFghiJKLmno", "src_1AbcDEFghiJKLmno"])
def test_a_card_of_the_older_interfaces_is_a_payment_method_and_is_charged(
    connection: psycopg.Connection, name: str
) -> None:
    customers.keep(connection, PATIENT, "practice-1", CUSTOMER)
    inbox.receive(connection, "payments", read(event(1, method(1, CREATED) | {"id": name})))
    found = customers.of_patient(connection, PATIENT)
    assert found is not None
    assert found.card is not None
    assert ChargeVisit(PATIENT, CUSTOMER, 100, found.card.payment_method_id).payment_method == name


def test_a_refused_event_is_replayed_when_its_contract_is_another(connection: psycopg.Connection) -> None:
    refused = read(event(1, charge(1, currency="eur", failure_code="Ada Lovelace")))
    assert inbox.receive(connection, "payments", refused) is Received.REFUSED
    (letter,) = inbox.dead_letters(connection)
    assert "Ada" not in repr(inbox.buried(connection, letter))
    assert inbox.replay(connection, letter) is Received.REFUSED
    # As if the books took any currency now.
    connection.execute("update ledger.inbox_failure set event = jsonb_set(event, '{payload,currency}', '\"usd\"')")
    assert inbox.replay(connection, letter) is Received.NEW
    assert inbox.dead_letters(connection) == []
    (mended,) = inbox.dead_letters(connection, resolved_too=True)
    assert mended.attempts == 2
    assert mended.resolved_at is not None
    assert inbox.receive(connection, "payments", read(event(1, charge(1)))) is Received.KNOWN


def test_an_event_that_came_otherwise_meanwhile_is_no_dead_letter(connection: psycopg.Connection) -> None:
    one = read(event(1))
    inbox.receive(connection, "payments", one)
    inbox.bury(connection, "payments", one, "DeadlockDetected")
    assert inbox.dead_letters(connection) == []


def test_payloads_are_pruned_after_the_retention_once_landed_and_keys_never(connection: psycopg.Connection) -> None:
    for number in (1, 2, 3):
        inbox.receive(connection, "payments", read(event(number, charge(number))))
    connection.execute("alter table ledger.inbox disable trigger inbox_keeps_what_was_received")
    connection.execute(
        "update ledger.inbox set received_at = now() - interval '50 days' where event_id <> 'evt_00000003'"
    )
    connection.execute("alter table ledger.inbox enable always trigger inbox_keeps_what_was_received")
    connection.execute("update ledger.inbox set is_landed = true where event_id <> 'evt_00000002'")
    with pytest.raises(ValueError, match="45 days"):
        inbox.prune(connection, timedelta(days=44))
    assert inbox.prune(connection, timedelta(days=45)) == 1
    assert inbox.prune(connection, timedelta(days=45)) == 0
    left = connection.execute("select event_id from ledger.inbox where payload is not null order by 1").fetchall()
    assert left == [("evt_00000002",), ("evt_00000003",)]
    assert inbox.receive(connection, "payments", read(event(1, charge(1)))) is Received.KNOWN


@pytest.mark.parametrize(
    "change",
    [
        "delete from ledger.inbox",
        "truncate ledger.inbox",
        "update ledger.inbox set event_id = 'evt_other'",
        "update ledger.inbox set payload = '{}'",
    ],
)
def test_what_was_received_is_kept_as_it_came(connection: psycopg.Connection, change: str) -> None:
    inbox.receive(connection, "payments", read(event(1)))
    with pytest.raises(errors.RestrictViolation):
        connection.execute(change.encode())
