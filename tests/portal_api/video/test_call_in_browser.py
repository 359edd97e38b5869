"""The video visit in a real browser: two people see each other, leave, come back; and what is said when they cannot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ledger.settings import Settings
from portal_api import cookies
from portal_api.access import Role
from tests.support import meetings
from tests.support.browsers import chromium
from tests.support.portals import HARBOR, served
from tests.support.screens import moves

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute

    from ledger.store.database import Database
    from tests.support.meetings import Booked
    from tests.support.portals import Portal, Visitor

FAKE = ["--use-fake-device-for-media-stream"]
ALLOWED = ["camera", "microphone"]
PHONE = {"width": 320, "height": 640}


@pytest.fixture(name="portal", scope="module")
def _portal(portal_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    home: Path = tmp_path_factory.mktemp("home")
    with served(Settings(home=home, database_url=portal_database.url), portal_database) as opened:
        yield opened


@pytest.fixture(name="browser", scope="module")
def _browser() -> Iterator[Browser]:
    with chromium(FAKE) as launched:
        yield launched


@pytest.fixture(name="visit")
def _visit(portal: Portal) -> Booked:
    portal.clock.move(days=1)
    return meetings.book(portal)


def address(portal: Portal, path: str) -> str:
    return f"http://{HARBOR.hosts[0]}:{portal.address.rpartition(':')[2]}{path}"


def signed_in(browser: Browser, portal: Portal, visitor: Visitor, **options: object) -> BrowserContext:
    """Return a browser of its own in which the person of the visitor is signed in."""
    context = browser.new_context(**options)  # type: ignore[arg-type]  # options of Playwright's
    values = {name: visitor.cookies[name] for name in (cookies.SESSION, cookies.BROWSER)}
    context.add_cookies([{"name": name, "value": value, "url": address(portal, "/")} for name, value in values.items()])
    context.set_default_timeout(20_000)
    return context


def no_violation(page: Page) -> None:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert found.violations_count == 0, found.generate_report()


def test_two_people_see_each_other_leave_and_come_back(browser: Browser, portal: Portal, visit: Booked) -> None:
    complaints: list[str] = []
    lines: list[WebSocketRoute] = []
    patient = signed_in(browser, portal, portal.patient(), viewport=PHONE, permissions=ALLOWED).new_page()
    provider = signed_in(browser, portal, portal.staff(Role.PROVIDER), permissions=ALLOWED).new_page()
    patient.route_web_socket(re.compile("/call/signals"), lambda line: lines.extend([line, line.connect_to_server()]))
    for page in (patient, provider):
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(address(portal, visit.path))
        expect(page.locator("#said")).to_have_text("Camera and microphone are ready. You can join.")
    moves(patient, "#preview")
    no_violation(patient)
    patient.get_by_role("button", name="Join the visit").press("Enter")
    expect(patient.locator("#said")).to_have_text("You are in. Waiting for Dana Reed.")
    expect(patient.locator("#room-heading")).to_be_focused()
    provider.get_by_role("button", name="Join the visit").click()
    for page in (patient, provider):
        moves(page, "#theirs")
        moves(page, "#mine")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    no_violation(patient)
    expect(patient.locator("#waiting")).to_be_hidden()
    patient.get_by_role("button", name="Camera off").click()
    expect(patient.locator("#dark")).to_have_attribute("aria-pressed", "true")
    expect(patient.locator("#said")).to_have_text("Your camera is off. Nobody sees you.")
    patient.get_by_role("button", name="Leave").click()
    expect(patient.locator("#left-heading")).to_be_focused()
    expect(provider.locator("#said")).to_have_text("Pat Moreno is not connected. You can wait here.")
    no_violation(patient)
    patient.get_by_role("button", name="Join again").click()
    patient.get_by_role("button", name="Join the visit").click()
    moves(patient, "#theirs")
    moves(provider, "#theirs")
    for line in lines[-2:]:  # the network of the patient breaks
        line.close(code=1011)
    expect(patient.locator("#said")).to_have_text("The connection was lost. Connecting again.")
    expect(patient.locator("#said")).to_have_text("Dana Reed is here.")
    moves(patient, "#theirs")
    moves(provider, "#theirs")
    assert complaints == []


# Only a refusal can be had from the browser itself; what else may be in the way is said in its place.
FAILING = """
const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (asked) =>
  window.failing && (asked.video || !window.heard) ? Promise.reject(new DOMException('', window.failing)) : real(asked);
"""


def test_what_stands_in_the_way_is_said_in_plain_words(browser: Browser, portal: Portal, visit: Booked) -> None:
    context = signed_in(browser, portal, portal.patient(), viewport=PHONE)
    page = context.new_page()
    page.add_init_script(FAILING)
    page.goto(address(portal, visit.path))
    expect(page.locator("#trouble")).to_contain_text("Your browser was not allowed to use them")
    expect(page.locator("#join")).to_be_disabled()
    no_violation(page)
    context.grant_permissions(ALLOWED)
    for error, words in (("NotFoundError", "No camera or microphone"), ("NotReadableError", "Another program")):
        page.evaluate("name => { window.failing = name; }", error)
        page.get_by_role("button", name="Check again").click()
        expect(page.locator("#trouble")).to_contain_text(words)
    page.evaluate("window.heard = true")
    page.get_by_role("button", name="Check again").click()
    expect(page.locator("#trouble")).to_contain_text("you will be heard and not seen")
    page.get_by_role("button", name="Join the visit").click()
    expect(page.locator("#said")).to_contain_text("You are in.")
