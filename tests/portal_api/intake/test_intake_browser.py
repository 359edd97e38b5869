"""A new patient in a real browser, on a phone: a card by keyboard, one declined, one that the bank asks about."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from portal_api import cookies
from portal_api.access import Role
from portal_api.identity import people
from tests.portal_api.intake import test_bills
from tests.portal_api.intake.conftest import WEBHOOK_SECRET
from tests.portal_api.intake.test_cards import saved, somebody
from tests.support import bookings
from tests.support.browsers import chromium
from tests.support.portals import HARBOR
from tests.support.screens import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from ledger.store.database import Database
    from sandbox.stripe.serving import Sandbox
    from tests.portal_api.intake.conftest import Heard
    from tests.support.portals import Portal, Visitor

PHONE = {"width": 390, "height": 844}
GOOD, DECLINED, ASKS = "4242424242424242", "4000000000000002", "4000002760003184"


@pytest.fixture(name="browser", scope="module")
def _browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture(name="page")
def _page(browser: Browser) -> Iterator[Page]:
    """Yield a page that fails the test when the browser complains, about the content policy for one."""
    page = browser.new_page(viewport=PHONE)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.context.close()
    # What Stripe declines is answered 402, which Chromium notes.
    assert [each for each in said if "402 (Payment Required)" not in each] == []


def enter(page: Page, portal: Portal, visitor: Visitor, path: str) -> None:
    """Open a page with the session of a visitor."""
    home = f"http://{HARBOR.hosts[0]}:{urlsplit(portal.address).port}"
    names = (cookies.SESSION, cookies.BROWSER)
    page.context.add_cookies([{"name": name, "value": visitor.cookies[name], "url": home} for name in names])
    page.goto(f"{home}{path}")


def type_card(page: Page, number: str) -> None:
    """Give a card by keyboard alone."""
    page.get_by_label("Card number").focus()
    page.keyboard.type(number)
    page.keyboard.press("Tab")
    page.keyboard.type("12 / 34")
    page.keyboard.press("Tab")
    page.keyboard.type("123")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def test_a_declined_card_then_one_that_the_bank_asks_about(page: Page, portal: Portal, heard: Heard) -> None:
    visitor, _ = somebody(portal)
    enter(page, portal, visitor, "/card")
    check(page, "card-none")
    page.get_by_role("link", name="Add a card").click()
    page.get_by_label("Card number").wait_for()
    check(page, "card-form")
    type_card(page, DECLINED)
    page.get_by_role("alert").get_by_text("Your card was declined.").wait_for()
    assert page.evaluate("document.activeElement.name") == "cardNumber"
    check(page, "card-declined")
    page.get_by_label("Card number").fill("")
    page.get_by_label("Expiry date").fill("")
    page.get_by_label("Security code").fill("")
    type_card(page, ASKS)
    page.get_by_role("button", name="Fail").click()
    page.get_by_role("alert").get_by_text("unable to authenticate").wait_for()
    page.get_by_role("button", name="Save this card").click()
    page.get_by_role("button", name="Complete").click()
    page.get_by_text("Your card is saved.").wait_for()
    page.get_by_text("Visa ending in 3184").wait_for()
    check(page, "card-saved")
    assert b"/card/saved" in heard.bytes
    for number in (DECLINED, ASKS):
        assert number[:12].encode() not in bytes(heard.bytes).replace(b" ", b"").replace(b"+", b"")


def test_a_good_card_by_keyboard_and_no_number_of_it_reaches_us(page: Page, portal: Portal, heard: Heard) -> None:
    visitor, _ = somebody(portal)
    enter(page, portal, visitor, "/card/new")
    type_card(page, GOOD)
    page.get_by_text("Visa ending in 4242").wait_for()
    assert b"setup_intent=seti_" in heard.bytes  # the listener hears forms
    for told in (GOOD.encode(), b"cardNumber", b"cvc"):
        assert told not in bytes(heard.bytes).replace(b"%20", b"").replace(b"+", b"").replace(b" ", b"")


def test_a_new_patient_gets_ready_for_a_visit_on_a_phone(page: Page, portal: Portal) -> None:
    visitor, email = somebody(portal)
    with portal.at() as here:
        found = people.patient_of_email(here, email)
        assert found is not None
        visit = bookings.book(bookings.as_patient(here, found.id), found.id, 3, "PAY-7KQ2", kind="intake")
    enter(page, portal, visitor, f"/visits/{visit.id}")
    check(page, "visit-to-do")
    for place in range(3):
        page.get_by_role("link", name="Read and sign").first.click()
        if place == 0:
            check(page, "consent-to-sign")
        page.get_by_label("I have read this").press("Space")
        page.keyboard.press("Tab")
        page.keyboard.type("Some Body")
        page.keyboard.press("Enter")
        page.get_by_text("Signed. Thank you.").wait_for()
    page.get_by_role("link", name="Give your insurance").click()
    page.get_by_label("Member number").fill("M-1")
    page.get_by_label("Mine").check()
    check(page, "insurance")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Save a card").click()
    type_card(page, GOOD)
    page.get_by_role("link", name="Tell us where").click()
    page.get_by_label("At home").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("You are ready for your visit").wait_for()
    check(page, "visit-ready")
    page.get_by_role("link", name="Home").click()
    check(page, "home-with-a-visit")
    page.get_by_role("link", name="Consents").click()
    check(page, "consents")
    page.get_by_role("link", name="Consent to telehealth").click()
    check(page, "consent-signed")


def test_an_administrator_publishes_a_text(page: Page, portal: Portal) -> None:
    enter(page, portal, portal.staff(Role.PRACTICE_ADMIN), "/staff/consents")
    check(page, "consent-texts")
    page.get_by_label("Text").first.fill("I agree to be seen by video, once more.")
    page.get_by_role("button", name="Publish Consent to telehealth").click()
    page.get_by_text("Version 2, since").wait_for()


def test_bills_on_a_phone(page: Page, portal: Portal, portal_database: Database, stripe_sandbox: Sandbox) -> None:
    stripe_sandbox.control.endpoint(f"{portal.address}/webhooks/stripe/cards", WEBHOOK_SECRET)
    visitor, email = somebody(portal)
    saved(portal, stripe_sandbox, visitor, "pm_card_chargeCustomerFail")
    token = test_bills.held(portal, email)
    test_bills.charge(portal, portal_database, token)
    test_bills.deliver(portal, portal_database, stripe_sandbox)
    enter(page, portal, visitor, "/bills")
    check(page, "bills")
    page.get_by_role("link", name="Visit,").click()
    check(page, "bill-open")
    page.get_by_role("link", name="Use another card").click()
    type_card(page, GOOD)
    page.get_by_role("button", name="Pay $40.00 with Visa 4242").press("Enter")
    page.get_by_text("Your card is charged within minutes").wait_for()
    test_bills.deliver(portal, portal_database, stripe_sandbox)
    page.reload()
    page.get_by_text("Nothing is open.").wait_for()
    check(page, "bill-paid")
