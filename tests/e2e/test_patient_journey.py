"""A new patient in a real browser, from the first mail to the memo after the visit; staff does its side.

Patient on a phone, staff at a desk; the portal, Stripe's stand-in and the books are those of production.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from ledger.dispatch import Dispatcher
from ledger.gateways.stripe_gateway import StripeGateway
from ledger.settings import Settings
from ledger.store.database import Database, connect
from portal_api import cookies
from portal_api.access import Role
from sandbox.stripe.serving import Sandbox
from sandbox.stripe.serving import served as serve_stripe
from tests.support import screens
from tests.support.browsers import chromium
from tests.support.command_line import environment, trueup
from tests.support.portals import HARBOR, SECRET_TEXT, Portal, filled, served
from tests.support.remittance_writer import Claim, Line, Payment, interchange
from tests.support.webhooks import SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg
    from playwright.sync_api import Browser, BrowserContext, Page

PHONE = {"width": 375, "height": 812}
DESK = {"width": 1280, "height": 800}
FAKE = ["--use-fake-device-for-media-stream"]
ALLOWED = ["camera", "microphone"]
EMAIL = "nora.lind@example.com"
KEY = "sk_test_journey"
REED = "dana.reed@harbor.example"
AS_OF = "2026-12-20"
PRICE, ESTIMATE, OWED = 29_000, 4_350, 3_000
"""Cents of the first visit: its price, what the patient is asked for, and what the insurer leaves to them."""
ADJUSTED = (("CO", "45", 9_000), ("PR", "2", OWED))


class Journey:
    """The portal with its books and its Stripe account, and two browsers at it."""

    def __init__(self, portal: Portal, stripe: Sandbox, books: psycopg.Connection, env: dict[str, str]) -> None:
        self.portal, self.stripe, self.books, self.env = portal, stripe, books, env
        self.complaints: list[str] = []

    def address(self, path: str) -> str:
        """Return where a page of the practice is."""
        return f"http://{HARBOR.hosts[0]}:{self.portal.address.rpartition(':')[2]}{path}"

    def opened(self, context: BrowserContext) -> Page:
        """Open a page whose complaints are kept."""
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def hear(self) -> None:
        """Wait until every webhook has arrived and was taken."""
        counted = self.stripe.control.drain()
        assert (counted["waiting"], counted["refused"]) == (0, 0)

    def deliver(self, database: Database) -> list[object]:
        """Let the dispatcher deliver what waits in the outbox, and hear of it; return how each row ended."""
        gateway = StripeGateway(KEY, self.stripe.url)
        states = [each.outcome.state for each in Dispatcher(database, gateway).deliver_all(workers=1)]
        self.hear()
        return states

    def run(self, *words: object) -> Any:
        """Run a command and return what it says to a machine."""
        finished = trueup(*words, "--json", env=self.env)
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout)

    def one(self, query: str) -> tuple[Any, ...]:
        """Return the only row of a query."""
        (row,) = self.books.execute(query.encode()).fetchall()
        return tuple(row)


@pytest.fixture(name="books_of_all")
def _books_of_all(template: Database, tmp_path: Path) -> Iterator[Database]:
    with filled(template, tmp_path) as made:
        yield made


@pytest.fixture(name="journey")
def _journey(books_of_all: Database, tmp_path: Path) -> Iterator[Journey]:
    with (
        serve_stripe() as stripe,
        served(
            Settings(
                home=tmp_path,
                database_url=books_of_all.url,
                portal_key=SECRET_TEXT,
                stripe_key=KEY,
                stripe_url=stripe.url,
                webhook_secrets=SECRETS,
            ),
            books_of_all,
        ) as portal,
        contextlib.closing(connect(books_of_all, autocommit=True)) as books,
    ):
        stripe.control.clock(now=int(time.time()) - 3_600)  # what happened is an hour ago: no more is on its way
        stripe.control.endpoint(f"{portal.address}/webhooks/stripe/payments", SECRETS["payments"])
        key = {"TRUEUP_STRIPE_KEY": KEY, "TRUEUP_STRIPE_URL": stripe.url, "TRUEUP_CREDIT_EXCESS": "refund"}
        yield Journey(portal, stripe, books, environment(tmp_path / "home", books_of_all.url, **key))


@pytest.fixture(name="browser", scope="module")
def _browser() -> Iterator[Browser]:
    with chromium(FAKE) as launched:
        yield launched


@pytest.mark.timeout(600)
def test_a_new_patient_books_meets_pays_and_is_credited(
    journey: Journey, browser: Browser, books_of_all: Database, tmp_path: Path
) -> None:
    patient = journey.opened(browser.new_context(viewport=PHONE, permissions=ALLOWED))
    joins(journey, patient)
    books(patient)
    signs(patient)
    gives_the_insurance(patient)
    saves_a_card(journey, patient)
    journey.portal.clock.now = on_the_day(journey)
    signs_in_by_code(journey, patient)
    says_where(patient)
    staff = at_the_desk(journey, browser)
    they_meet(journey, patient, staff)
    closes_out(journey, staff)
    assert journey.deliver(books_of_all) == ["done"]
    (charged,) = [made for made in journey.stripe.control.objects() if made["object"] == "invoice"]
    assert (charged["status"], charged["amount_paid"]) == ("paid", ESTIMATE)
    sees_the_charge(patient)
    the_insurer_answers(journey, tmp_path / "remit.835")
    sees_the_memo(patient)
    assert journey.complaints == []


def joins(journey: Journey, page: Page) -> None:
    """Come for the first time, ask for a code, give it with a name."""
    page.goto(journey.address("/"))
    screens.check(page, "journey-01-welcome")
    page.get_by_role("link", name="Sign in or join").click()
    gives_the_code(journey, page)
    page.get_by_label("First name").fill("Nora")
    page.get_by_label("Last name").fill("Lind")
    screens.check(page, "journey-02-join")
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Nora Lind")


def signs_in_by_code(journey: Journey, page: Page) -> None:
    """Sign in on another day."""
    page.goto(journey.address("/sign-in"))
    gives_the_code(journey, page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Nora Lind")


def gives_the_code(journey: Journey, page: Page) -> None:
    """Ask for a mail and type its code."""
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_role("button", name="Mail me a link").click()
    page.get_by_label("Code").fill(journey.portal.link_and_code()[1])
    page.get_by_role("button", name="Sign in").click()


def books(page: Page) -> None:
    """Find a provider who takes the insurance, and book the first time of the next day."""
    page.get_by_role("link", name="Book", exact=True).click()
    page.get_by_label("First visit").check()
    page.get_by_label("Who pays?").select_option(label="Sample Health Plan One")
    page.get_by_label("Where will you be").select_option(label="New York")
    page.get_by_label("With whom?").select_option(label="Dana Reed, LICSW")
    screens.check(page, "journey-03-ask")
    page.get_by_role("button", name="Show times").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a time")
    screens.check(page, "journey-04-times")
    page.locator(".times").nth(1).locator("button").first.click()
    expect(page.locator("main")).to_contain_text("$43.50")
    screens.check(page, "journey-05-price-and-policy")
    page.get_by_label("I agree to the price").check()
    page.get_by_role("button", name="Book this visit").click()
    expect(page.get_by_role("status")).to_contain_text("Your visit is booked.")
    screens.check(page, "journey-06-booked")


def signs(page: Page) -> None:
    """Read each text that waits, and sign it by name."""
    while (waiting := page.get_by_role("link", name=re.compile("^Read and sign"))).count():
        waiting.first.click()
        page.get_by_label("I have read this and I agree.").check()
        page.get_by_label("Your full name").fill("Nora Lind")
        screens.check(page, "journey-07-sign")
        page.get_by_role("button", name="Sign", exact=True).click()
        expect(page.get_by_role("status")).to_have_text("Signed. Thank you.")


def gives_the_insurance(page: Page) -> None:
    """Give the insurance that pays for the visit."""
    page.get_by_role("link", name="Give your insurance details").click()
    page.get_by_label("Insurer").select_option(label="Sample Health Plan One")
    page.get_by_label("Member number").fill("ZZ 4711 0815")
    page.get_by_label("Mine").check()
    screens.check(page, "journey-08-insurance")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Done: Give your insurance details")).to_be_attached()


def saves_a_card(journey: Journey, page: Page) -> None:
    """Give Stripe's fields a card; the portal learns four digits of it."""
    page.get_by_role("link", name="Save a card").click()
    page.get_by_label("Card number").fill("4242424242424242")
    page.get_by_label("Expiry date").fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Save this card").click()
    expect(page.get_by_role("status")).to_have_text("Your card is saved.")
    page.get_by_role("link", name="Card", exact=True).click()
    expect(page.locator("main")).to_contain_text("Visa ending in 4242")
    screens.check(page, "journey-09-card")
    journey.hear()


def on_the_day(journey: Journey) -> Any:
    """Return the time five minutes before the visit."""
    return journey.one("select scheduled_start from ledger.visit")[0] - timedelta(minutes=5)


def says_where(page: Page) -> None:
    """Say on the day where they are: another place than home."""
    page.get_by_role("link", name="My visits").click()
    page.get_by_role("link", name=re.compile("First visit with")).click()
    page.get_by_role("link", name="Where I will be").click()
    page.get_by_label("Somewhere else").check()
    screens.check(page, "journey-10-where")
    page.get_by_role("button", name="Save").click()


def at_the_desk(journey: Journey, browser: Browser) -> Page:
    """Open the provider's day at a desk."""
    context = browser.new_context(viewport=DESK, permissions=ALLOWED)
    visitor = journey.portal.staff(Role.PROVIDER, email=REED)
    names = (cookies.SESSION, cookies.BROWSER)
    context.add_cookies([{"name": name, "value": visitor.cookies[name], "url": journey.address("/")} for name in names])
    page = journey.opened(context)
    page.goto(journey.address("/staff/day"))
    expect(page.locator("main")).to_contain_text("Nora Lind")
    screens.check(page, "journey-11-day")
    return page


def they_meet(journey: Journey, patient: Page, staff: Page) -> None:
    """Meet by video: each sees moving pictures of the other."""
    patient.get_by_role("link", name="To the video visit").click()
    staff.get_by_role("link", name="Video with Nora Lind").click()
    for page, name in ((patient, "journey-12-check"), (staff, "journey-13-check")):
        expect(page.locator("#said")).to_have_text("Camera and microphone are ready. You can join.")
        screens.check(page, name)
        page.get_by_role("button", name="Join the visit").click()
    for page, name in ((patient, "journey-14-visit"), (staff, "journey-15-visit")):
        screens.moves(page, "#theirs")
        screens.check(page, name)
    journey.portal.clock.move(minutes=14)
    for page in (patient, staff):
        page.get_by_role("button", name="Leave").click()
        expect(page.locator("#left-heading")).to_be_focused()
    assert journey.one("select state from ledger.visit") == ("started",)


def closes_out(journey: Journey, staff: Page) -> None:
    """Close the visit out as the provider; the place of service is what the patient said."""
    staff.goto(journey.address("/staff/day"))
    staff.get_by_role("link", name=re.compile("Close out.*Nora Lind")).click()
    expect(staff.get_by_label("Elsewhere (place of service 02)")).to_be_checked()
    staff.get_by_label("Completed", exact=True).check()
    screens.check(staff, "journey-16-close-out")
    staff.get_by_role("button", name="Close the visit out").click()
    expect(staff.locator("main")).to_contain_text("$43.50, by invoice to the card on file")
    screens.check(staff, "journey-17-closed")
    assert journey.one("select state, place_of_service from ledger.visit") == ("completed", "02")


def the_insurer_answers(journey: Journey, file: Path) -> None:
    """Load the insurer's remittance, reconcile, and send the memo that follows from it."""
    ref, on = journey.one("select claim_ref, scheduled_start::date from ledger.visit")
    paid = PRICE - sum(cents for *_, cents in ADJUSTED)
    line = Line("90791", PRICE, paid, (), ADJUSTED, on=on)
    claim = Claim(ref, PRICE, paid, OWED, facility="02", lines=(line,))
    file.write_bytes(interchange((Payment("JOURNEY1", (claim,), paid_on=date(2026, 11, 30)),)))
    assert journey.run("load", "era", file)["rows"] == 1
    journey.run("webhooks", "sweep")
    assert journey.run("reconcile", "--as-of", AS_OF)["memos"] == 1
    (sent,) = journey.run("send")["delivered"]
    assert (sent["operation"], sent["state"]) == ("credit_invoice", "done")
    journey.hear()
    (note,) = [made for made in journey.stripe.control.objects() if made["object"] == "credit_note"]
    assert note["amount"] == ESTIMATE - OWED


def sees_the_charge(page: Page) -> None:
    """See what was charged, before the insurer decided."""
    page.get_by_role("link", name="Bills", exact=True).click()
    expect(page.locator("main")).to_contain_text("Your insurer has not decided yet. We estimate your share at $43.50.")
    expect(page.locator("main")).to_contain_text("Paid: $43.50. Nothing is open.")
    screens.check(page, "journey-18-charged")


def sees_the_memo(page: Page) -> None:
    """See what the insurer decided, and what was credited for it."""
    page.get_by_role("link", name="Bills", exact=True).click()
    expect(page.locator("main")).to_contain_text("Your share is $30.00; we had estimated $43.50; we credited $13.50.")
    screens.check(page, "journey-19-credited")
    page.get_by_role("link", name=re.compile("^First visit")).click()
    row = page.get_by_role("row", name=re.compile("^.* Credit: your insurer decided"))
    expect(row.get_by_role("cell").last).to_have_text("\N{MINUS SIGN}$13.50")
    screens.check(page, "journey-20-bill")
