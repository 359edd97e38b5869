"""A patient finds a time and books it in a real browser: on a telephone, and by keyboard alone, without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from portal_api import cookies
from portal_api.access import Role
from portal_api.scheduling import catalog
from tests.support import screens
from tests.support.browsers import chromium
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.support.portals import Portal, Sample, Visitor

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield the system's Chromium, else Playwright's; with none, skip, or fail where one is required."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """Yield a browser of the size of a telephone, which runs no script of a page and complains of nothing."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=True)
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text))
    yield context
    context.close()
    assert said == []


def _signed_in(portal: Portal, context: BrowserContext, visitor: Visitor, sample: Sample = HARBOR) -> Page:
    """Open a page of the practice with the visitor's cookies."""
    address = f"http://{sample.hosts[0]}:{httpx.URL(portal.address).port}"
    names = (cookies.SESSION, cookies.BROWSER)
    context.add_cookies([{"name": name, "value": str(visitor.cookies.get(name)), "url": address} for name in names])
    page = context.new_page()
    page.goto(address)
    return page


def _tab_to(page: Page, wanted: str) -> None:
    """Press Tab until what is focused has this name, as whoever has no mouse does; each stop must show where it is."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        box = focused.bounding_box()
        assert box is not None
        assert focused.evaluate("one => getComputedStyle(one).outlineStyle") != "none"
        name = focused.evaluate("one => one.labels?.[0]?.innerText ?? one.innerText")
        if name.startswith(wanted):
            return
    raise AssertionError(f"No way by keyboard to {wanted!r} on {page.url}.")


def _press(page: Page, wanted: str, key: str = "Enter") -> None:
    _tab_to(page, wanted)
    with page.expect_navigation():
        page.keyboard.press(key)


def test_a_patient_books_by_keyboard_alone(portal: Portal, phone: BrowserContext) -> None:
    page = _signed_in(portal, phone, portal.patient())
    _press(page, "Book")
    screens.check(page, "book-1-ask")
    page.goto(page.url)
    _tab_to(page, "Where will you be")
    page.keyboard.type("New Y")
    _tab_to(page, "Show times in")
    page.keyboard.type("Central")
    _press(page, "Show times")
    assert page.locator("h1").inner_text() == "Choose a time"
    screens.check(page, "book-2-times")
    page.goto(page.url)
    _press(page, "8:30 AM CST")
    assert page.locator("h1").inner_text() == "Confirm your visit"
    screens.check(page, "book-3-hold")
    page.goto(page.url)
    _tab_to(page, "I agree to the price")
    page.keyboard.press("Space")
    _press(page, "Book this visit")
    assert page.get_by_role("status").inner_text().startswith("Your visit is booked.")
    screens.check(page, "book-4-booked")
    page.goto(page.url)
    _press(page, "My visits")
    assert page.get_by_role("link", name="First visit with Dana Reed").is_visible()
    screens.check(page, "book-5-visits")


def test_a_patient_moves_and_cancels_on_a_telephone_without_scripts(portal: Portal, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = _signed_in(portal, context, portal.patient(CEDAR), CEDAR)
    page.get_by_role("link", name="Book", exact=True).click()
    page.get_by_label("Where will you be during the visit?").select_option("OR")
    page.get_by_role("button", name="Show times").click()
    page.get_by_role("link", name="Later").click()
    page.locator(".times button").first.click()
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Book this visit").click()
    page.get_by_role("link", name="Move").click()
    page.get_by_role("link", name="Later").click()
    page.locator(".times button").nth(2).click()
    assert "has its new time" in page.get_by_role("status").inner_text()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Cancel the visit").click()
    assert "is cancelled" in page.get_by_role("status").inner_text()
    context.close()


def test_the_other_pages_are_clean_on_a_telephone(portal: Portal, phone: BrowserContext) -> None:
    with portal.at(CEDAR) as here:
        calendar = catalog.calendars(here)[0]
        kind = catalog.visit_types(here)[0]
    page = _signed_in(portal, phone, portal.staff(Role.PRACTICE_ADMIN, CEDAR), CEDAR)
    page.get_by_text("Schedule", exact=True).first.press("Enter")
    page.get_by_role("navigation").get_by_role("link", name="Why no time?").wait_for()
    screens.check(page, "staff-menu")
    asked = f"calendar={calendar.id}&visit_type={kind.id}&state=OR&on=2026-11-18"
    pages = {
        "staff-hours": f"/staff/hours/{calendar.id}",
        "staff-why": f"/staff/why?{asked}",
        "staff-offer": "/staff/offer",
        "staff-offer-type": f"/staff/offer/visit-types/{kind.id}",
        "staff-offer-provider": f"/staff/offer/providers/{calendar.provider_id}",
    }
    for name, path in pages.items():
        page.goto(page.url.partition("/staff")[0].rstrip("/") + path)
        screens.check(page, name)
