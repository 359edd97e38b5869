"""Who a patient is at Stripe: one customer, the first, and never another patient's."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from psycopg import errors

from ledger.store import customers
from ledger.store.customers import Card

if TYPE_CHECKING:
    import psycopg


def test_the_first_customer_of_a_patient_stands(connection: psycopg.Connection) -> None:
    patient = uuid4()
    assert customers.of_patient(connection, patient) is None
    customers.keep(connection, patient, "p1", "cus_1AAAAAAA")
    customers.keep(connection, patient, "p1", "cus_2AAAAAAA")
    found = customers.of_patient(connection, patient)
    assert found is not None
    assert (found.stripe_customer_id, found.card) == ("cus_1AAAAAAA", None)


def test_two_patients_never_share_a_customer(connection: psycopg.Connection) -> None:
    customers.keep(connection, uuid4(), "p1", "cus_1AAAAAAA")
    with pytest.raises(errors.UniqueViolation):
        customers.keep(connection, uuid4(), "p1", "cus_1AAAAAAA")


def test_a_card_comes_and_goes(connection: psycopg.Connection) -> None:
    patient, card = uuid4(), Card("pm_1AAAAAAA", "visa", "4242", "2030-04")
    customers.keep(connection, patient, "p1", "cus_1AAAAAAA")
    for kept in (card, None):
        customers.keep_card(connection, "cus_1AAAAAAA", kept)
        found = customers.of_patient(connection, patient)
        assert found is not None
        assert found.card == kept


@pytest.mark.parametrize(
    "card", [Card("Maria Garcia", "visa", "4242", "2030-04"), Card("pm_1", "visa", "42", "2030-04")]
)
def test_the_database_takes_nothing_else_for_a_card(connection: psycopg.Connection, card: Card) -> None:
    customers.keep(connection, uuid4(), "p1", "cus_1AAAAAAA")
    with pytest.raises(errors.CheckViolation):
        customers.keep_card(connection, "cus_1AAAAAAA", card)
