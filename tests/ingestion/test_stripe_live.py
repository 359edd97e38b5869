"""Stripe's lists, read with the real SDK over HTTP from the sandbox, bring what a file of the same objects would."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import stripe

from ingestion import landing, ledger_feeds, stripe_live, stripe_objects
from ingestion.stripe_live import Pull
from ledger.gateways.stripe_listing import PATHS, TRIES, CannotList, StripeListing, _wait
from ledger.rules.stripe_events import of_document
from ledger.store import inbox
from ledger.store.database import connect
from ledger.sweep import Swept, read_again
from sandbox.stripe.serving import Sandbox, served
from tests.support.databases import fresh
from tests.support.stripe_sandbox import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from ledger.store.database import Database

DAY = 24 * 3600
START = 1_780_000_000
NEWEST = """
select distinct on (object_id) object_id, object_type, object_sha256, payload
from raw.stripe_object
order by object_id, version_at desc, object_sha256 desc
"""
LOOKBACK = timedelta(days=30)


@dataclass
class Shop:
    """An account with a customer who has a card, at a time that stands still."""

    sandbox: Sandbox
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.control, self.client = self.sandbox.control, client_of(self.sandbox)
        self.control.clock(now=START, stopped=True)
        self.customer = self.client.v1.customers.create({}).id
        card = self.client.v1.payment_methods.attach("pm_card_visa", {"customer": self.customer}).id
        self.client.v1.customers.update(self.customer, {"invoice_settings": {"default_payment_method": card}})

    @property
    def source(self) -> StripeListing:
        return StripeListing("sk_test_x", self.sandbox.url, pause=self.waits.append)

    @property
    def now(self) -> int:
        return int(self.control.clock()["now"])

    def pay(self, cents: int, visit: int = 1) -> stripe.PaymentIntent:
        """Make a payment for a visit."""
        return self.client.v1.payment_intents.create(
            {
                "amount": cents,
                "currency": "usd",
                "customer": self.customer,
                "payment_method": "pm_card_visa",
                "payment_method_types": ["card"],
                "confirm": True,
                "metadata": {"visit_token": str(UUID(int=visit, version=4))},
            }
        )

    def invoice(self, cents: int) -> stripe.Invoice:
        """Finalise an invoice."""
        made = self.client.v1.invoices.create({"customer": self.customer, "auto_advance": False})
        self.client.v1.invoice_items.create({"customer": self.customer, "amount": cents, "invoice": made.id})
        return self.client.v1.invoices.finalize_invoice(made.id)

    def trade(self) -> None:
        """Make at least one object of every type, and a payout that is reconciled."""
        paid = [self.pay(5_000 + visit, visit) for visit in range(1, 8)]
        self.client.v1.refunds.create({"payment_intent": paid[0].id, "amount": 400})
        self.control.dispute(str(paid[1].latest_charge))
        invoice = self.client.v1.invoices.pay(self.invoice(9_000).id)
        self.client.v1.credit_notes.create({"invoice": invoice.id, "amount": 1_000, "credit_amount": 1_000})
        product = self.client.v1.products.create({"name": "Membership"}).id
        price = self.client.v1.prices.create(
            {"product": product, "currency": "usd", "unit_amount": 2_000, "recurring": {"interval": "month"}}
        )
        self.client.v1.subscriptions.create({"customer": self.customer, "items": [{"price": price.id}]})
        self.control.clock(advance=3 * DAY)
        self.control.payout()
        self.control.clock(advance=2 * DAY)
        self.invoice(3_000)

    def as_file(self, path: Path) -> Path:
        """Write the account as the contract has a file: every object, of transactions the payout that lists them."""
        objects = [made for made in self.control.objects() if made["object"] in PATHS and not made.get("deleted")]
        payout_of = {
            row.id: payout["id"]
            for payout in objects
            if payout["object"] == "payout" and payout["reconciliation_status"] == "completed"
            for row in self.client.v1.balance_transactions.list({"payout": payout["id"], "limit": 100}).data
        }
        paid_out = [made | ({"payout": payout_of[made["id"]]} if made["id"] in payout_of else {}) for made in objects]
        path.write_text("".join(json.dumps(made) + "\n" for made in paid_out))
        assert {made["object"] for made in objects} == set(PATHS)
        assert payout_of
        return path


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Yield an account of the test's own."""
    with served() as running:
        yield Shop(running)


def pulled(connection: psycopg.Connection, shop: Shop, source: Any = None, **how: Any) -> int:
    """Read every list to its end and return how many versions were new."""
    given = {"now": datetime.fromtimestamp(shop.now, UTC), "lookback": LOOKBACK} | how
    pull, count = Pull(connection, source or shop.source, **given), 0
    for object_type in PATHS:
        for landed in pull.each(object_type):
            connection.commit()
            count += landed.receipt.rows if landed.receipt else 0
    return count


def newest(connection: psycopg.Connection) -> list[Any]:
    """Return the newest version of every object."""
    return connection.execute(NEWEST).fetchall()


def test_lists_bring_what_the_file_brings_and_twice_nothing(
    shop: Shop, connection: psycopg.Connection, template: Database, tmp_path: Path
) -> None:
    shop.trade()
    assert pulled(connection, shop) > 40
    with fresh(template) as other, contextlib.closing(connect(other)) as beside:
        stripe_objects.load(beside, shop.as_file(tmp_path / "stripe.jsonl"))
        assert newest(connection) == newest(beside)
    loads = connection.execute("select count(*), max(load_id) from raw.file").fetchone()
    assert pulled(connection, shop) == 0
    assert pulled(connection, shop, lookback=timedelta(days=400), since=datetime(2020, 1, 1, tzinfo=UTC)) == 0
    assert connection.execute("select count(*), max(load_id) from raw.file").fetchone() == loads


def test_webhooks_of_one_second_bring_what_the_file_brings_when_they_are_read_again(
    shop: Shop, connection: psycopg.Connection, template: Database, tmp_path: Path
) -> None:
    """The clock stands while objects change: of most of them several versions tie, and some stand that are not last."""
    shop.trade()
    path = shop.as_file(tmp_path / "stripe.jsonl")
    connection.commit()
    connection.autocommit = True
    for made in shop.control.objects():
        if made["object"] == "event":
            inbox.receive(connection, "payments", of_document(made))
    with fresh(template) as other, contextlib.closing(connect(other)) as beside:
        stripe_objects.load(beside, path)
        # That a charge is disputed no event of its own tells.
        by_file = {row[0]: row[2] for row in newest(beside) if row[1] != "charge"}
    told = "select object_id, object_sha256 from ledger.stripe_object where object_id = any(%s)"
    before = dict(connection.execute(told, (list(by_file),)).fetchall())
    assert any(by_file[one] != sha256 for one, sha256 in before.items())
    for _ in range(2):  # an event of the second of a reading is seen in turn
        now = datetime.fromtimestamp(shop.now, UTC) + timedelta(hours=1)
        read_again(connection, shop.source, now - timedelta(days=30), now, Swept())
    with connection.transaction():
        landing.ensure_schema(connection)
        inbox.hand_over(connection)
        ledger_feeds.land_webhooks(connection)
    landed = {row[0]: row[2] for row in newest(connection)}
    assert {one: landed[one] for one in before} == {one: by_file[one] for one in before}


def test_what_a_file_brought_is_known(shop: Shop, connection: psycopg.Connection, tmp_path: Path) -> None:
    shop.trade()
    stripe_objects.load(connection, shop.as_file(tmp_path / "stripe.jsonl"))
    connection.commit()
    assert pulled(connection, shop) == 0


@pytest.mark.parametrize("most", [2, 5])
def test_windows_are_cut_until_they_hold_few_enough(
    shop: Shop, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(stripe_live, "MOST_IN_A_WINDOW", most)
    for visit in range(1, 10):
        shop.pay(100 * visit, visit)
        shop.control.clock(advance=visit * 3_600)
    assert shop.pay(1_000).amount == shop.pay(1_000).amount  # two in one second
    assert pulled(connection, shop) == 1 + 3 * 11
    assert {row[1] for row in newest(connection)} == {"customer", "payment_intent", "charge", "balance_transaction"}
    assert pulled(connection, shop) == 0


class Killed(Exception):  # noqa: N818 - what happened
    """The process is gone."""


@dataclass
class Dying:
    """A source whose process is killed at a call."""

    source: StripeListing
    calls: int
    is_live: bool = False

    def __getattr__(self, name: str) -> Any:
        self.calls -= 1
        if self.calls < 0:
            raise Killed
        return getattr(self.source, name)


def test_killed_at_every_call_it_goes_on_and_ends_level(
    shop: Shop, database: Database, template: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_live, "MOST_IN_A_WINDOW", 10)
    shop.trade()
    for calls in range(1, 200, 3):
        with contextlib.closing(connect(database)) as connection:
            try:
                pulled(connection, shop, Dying(shop.source, calls))
                break
            except Killed:
                connection.rollback()
    else:
        pytest.fail("it never came to its end")
    assert calls > len(PATHS)
    with fresh(template) as other, contextlib.closing(connect(other)) as once:
        pulled(once, shop)
        with contextlib.closing(connect(database)) as killed:
            assert newest(killed) == newest(once)
            versions = [row[0] for row in killed.execute("select object_id from raw.stripe_object")]
            assert len(versions) == len(set(versions)) + len(paid_out(killed))


def paid_out(connection: psycopg.Connection) -> list[Any]:
    """Return the transactions that a payout lists: they are known twice, before that and since."""
    return connection.execute(
        "select from raw.stripe_object where object_type = 'balance_transaction' and payload ? 'payout'"
    ).fetchall()


def test_the_cursor_stands_where_its_window_was_not_committed(shop: Shop, connection: psycopg.Connection) -> None:
    shop.pay(100)
    pull = Pull(connection, shop.source, datetime.fromtimestamp(shop.now, UTC), LOOKBACK)
    assert next(pull.each("charge")).read == 1
    connection.rollback()
    assert not newest(connection)
    assert connection.execute("select from raw.stripe_cursor").fetchall() == []


def test_what_is_young_or_open_is_read_again_and_what_is_neither_by_since(
    shop: Shop, connection: psycopg.Connection
) -> None:
    old, opened = shop.pay(5_000), shop.invoice(3_000)
    shop.control.clock(advance=40 * DAY)
    young = shop.pay(7_000)
    pulled(connection, shop)
    for paid in (old, young):
        shop.client.v1.refunds.create({"payment_intent": paid.id, "amount": 500})
    shop.client.v1.invoices.pay(opened.id)
    shop.control.clock(advance=DAY)
    assert pulled(connection, shop) > 0
    kept = {row[0]: row[3] for row in newest(connection)}
    assert kept[opened.id]["status"] == "paid"
    assert (kept[young.latest_charge]["amount_refunded"], kept[old.latest_charge]["amount_refunded"]) == (500, 0)
    day = datetime.fromtimestamp(START, UTC) - timedelta(days=1)
    assert pulled(connection, shop, since=day) == 1
    kept = {row[0]: row[3] for row in newest(connection)}
    assert kept[old.latest_charge]["amount_refunded"] == 500


def test_what_becomes_again_what_it_was_is_known_as_that(shop: Shop, connection: psycopg.Connection) -> None:
    product = shop.client.v1.products.create({"name": "x"}).id
    for active in (False, True, False, True):
        assert pulled(connection, shop) >= 1
        shop.client.v1.products.update(product, {"active": active})
    pulled(connection, shop)
    versions = connection.execute(
        "select payload -> 'active' from raw.stripe_object where object_id = %s order by version_at", (product,)
    ).fetchall()
    assert [row[0] for row in versions] == [True, False, True, False, True]


def test_a_refused_object_is_quarantined_once_and_keeps_no_other_out(
    shop: Shop, connection: psycopg.Connection
) -> None:
    shop.pay(100)

    class InEuros(Dying):
        def window(self, *given: Any) -> Any:
            return [
                one | {"currency": "eur"} if one["object"] == "charge" else one for one in self.source.window(*given)
            ]

    for new in (3, 0):
        assert pulled(connection, shop, InEuros(shop.source, 99)) == new
        assert connection.execute("select count(*) from raw.quarantine").fetchone() == (1,)


def test_stripe_asking_to_slow_down_and_failing_is_waited_out(shop: Shop, connection: psycopg.Connection) -> None:
    shop.pay(100)
    for mode in ("rate_limit", "error", "lost_before"):
        shop.control.fault("GetCharges", mode, times=1)
    shop.control.fault("GetRefunds", "rate_limit", times=2)
    assert pulled(connection, shop) == 4
    assert len(shop.waits) == 5
    assert 0 < max(shop.waits) <= 30


def test_with_a_limit_the_pace_is_kept(shop: Shop, connection: psycopg.Connection) -> None:
    shop.pay(100)
    shop.control.limit(25)
    assert pulled(connection, shop) == 4
    assert shop.waits == []


@pytest.mark.parametrize(
    ("operation", "mode", "said"),
    [
        ("GetCharges", "rate_limit", "slow down"),
        ("GetCharges", "error", "failed"),
        ("GetCharges", "lost_before", "net"),
    ],
)
def test_an_end_of_patience_is_a_sentence_and_keeps_what_was_landed(
    shop: Shop, connection: psycopg.Connection, operation: str, mode: Any, said: str
) -> None:
    shop.pay(100)
    shop.control.fault(operation, mode, times=99)
    with pytest.raises(CannotList, match=said):
        pulled(connection, shop)
    connection.rollback()
    assert {row[1] for row in newest(connection)} == {"customer", "payment_intent"}


def test_objects_of_the_other_mode_are_refused(shop: Shop, connection: psycopg.Connection) -> None:
    shop.pay(100)
    live = StripeListing("sk_test_x", shop.sandbox.url, is_live=True)
    with pytest.raises(CannotList, match="TRUEUP_STRIPE_MODE"):
        pulled(connection, shop, live)
    assert not newest(connection)


def test_a_key_that_is_refused_is_told(shop: Shop, connection: psycopg.Connection) -> None:
    refused = StripeListing("sk_live_x", shop.sandbox.url, pause=shop.waits.append)
    with pytest.raises(CannotList, match="refuses TRUEUP_STRIPE_KEY"):
        pulled(connection, shop, refused)
    assert shop.waits == []
    assert "sk_live_x" not in repr(refused)


def test_no_network_is_told_after_a_while(connection: psycopg.Connection) -> None:
    waits: list[float] = []
    away = StripeListing("sk_test_x", "http://127.0.0.1:9", pause=waits.append)
    with pytest.raises(CannotList, match="does not answer"):
        next(Pull(connection, away, datetime.now(UTC), LOOKBACK).each("charge"))
    assert len(waits) == TRIES - 1


def test_the_wait_is_at_least_what_stripe_asks_for() -> None:
    asked = stripe.RateLimitError("slow", http_status=429, headers={"Retry-After": "7"})
    assert 7 < _wait(asked, 1) <= 8
    assert 2 <= _wait(stripe.APIConnectionError("away"), 3) <= 4
