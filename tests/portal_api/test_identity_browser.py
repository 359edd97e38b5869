"""Signing in and settings in a real browser: two practices, two looks, by keyboard, on a phone, clean for axe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyotp
import pytest

from portal_api import cookies
from portal_api.access import Role
from portal_api.identity import invitations, people
from tests.support.browsers import chromium
from tests.support.portals import CEDAR, HARBOR
from tests.support.screens import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.support.portals import Portal, Sample, Visitor


@pytest.fixture(name="browser", scope="module")
def _browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture(name="page")
def _page(browser: Browser) -> Iterator[Page]:
    """Yield a page that fails the test when the browser complains, about the content policy for one."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.context.close()
    # A refused form is answered 400, which Chromium notes; and it would have a password's form name its owner, whom a
    # link alone does not tell.
    assert [each for each in said if "400 (Bad Request)" not in each and "[DOM] Password forms" not in each] == []


def home(portal: Portal, sample: Sample = HARBOR) -> str:
    return f"http://{sample.hosts[0]}:{urlsplit(portal.address).port}"


def borrow(page: Page, portal: Portal, visitor: Visitor, sample: Sample = HARBOR) -> None:
    """Give the browser the session of a visitor."""
    names = (cookies.SESSION, cookies.BROWSER)
    page.context.add_cookies(
        [{"name": name, "value": visitor.cookies[name], "url": home(portal, sample)} for name in names]
    )


def brand_of(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.querySelector('.top')).backgroundColor"))


def test_two_practices_have_two_looks_and_one_portal(page: Page, portal: Portal) -> None:
    page.goto(home(portal))
    assert (page.locator("h1").inner_text(), brand_of(page)) == ("Harbor Telehealth", "rgb(29, 53, 87)")
    check(page, "home-harbor")
    page.goto(home(portal, CEDAR))
    assert (page.locator("h1").inner_text(), brand_of(page)) == ("Cedar Grove Family Care", "rgb(31, 95, 63)")
    check(page, "home-cedar")


def test_a_patient_signs_in_by_keyboard_alone(page: Page, portal: Portal) -> None:
    page.goto(f"{home(portal)}/sign-in")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(HARBOR.patient.email)
    check(page, "sign-in")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/sign-in/code"))
    check(page, "code")
    _, code = portal.link_and_code()
    page.locator("#code").focus()
    page.keyboard.insert_text(code)  # as pasting does
    page.keyboard.press("Enter")
    page.wait_for_url(home(portal) + "/")
    assert page.locator("h1").inner_text() == "Hello, Pat Moreno"
    page.get_by_role("link", name="Account").click()
    check(page, "account")
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("status").inner_text() == "You are signed out."
    page.go_back()
    page.reload()
    assert page.locator("h1").inner_text() == "Sign in or join"


def test_a_link_opened_in_this_browser_signs_in_after_the_button(page: Page, portal: Portal) -> None:
    portal.clock.move(hours=1)
    page.goto(f"{home(portal)}/sign-in")
    page.get_by_label("E-mail address").fill("somebody.new@example.com")
    page.get_by_role("button", name="Mail me a link").click()
    link, _ = portal.link_and_code()
    page.goto(home(portal) + link)
    check(page, "link")
    page.get_by_role("button").click()
    page.get_by_label("First name").fill("Somebody")
    page.get_by_label("Last name").fill("New")
    check(page, "join")
    page.get_by_role("button", name="Make my account").click()
    assert page.get_by_role("status").inner_text() == "Welcome. Your account is ready."
    # Elsewhere the same link says why it does not work there.
    page.context.clear_cookies()
    page.goto(home(portal) + link)
    page.get_by_role("button").click()
    assert "only in the browser" in page.get_by_role("alert").inner_text()


def test_a_member_of_staff_sets_up_password_and_authenticator(page: Page, portal: Portal) -> None:
    portal.clock.move(hours=1)
    with portal.at() as here:
        found = people.staff_of_email(here, "desk@harbor.example")
        assert found is not None
        path = urlsplit(invitations.link(here, found.id, found.email)).path
    page.goto(home(portal) + path)
    page.get_by_label("New password").fill("short")
    page.get_by_role("button").click()
    assert "12 characters or more" in page.get_by_role("alert").inner_text()
    page.get_by_label("New password").fill("a boat on the harbor")
    check(page, "set-password")
    page.get_by_role("button").click()
    page.get_by_label("E-mail address").fill(found.email)
    page.get_by_label("Password").fill("a boat on the harbor")
    check(page, "staff-sign-in")
    page.get_by_role("button", name="Go on").click()
    page.locator("#code").wait_for()  # a password takes its time on a busy machine
    check(page, "authenticator")
    secret = page.locator(".code").inner_text().replace(" ", "")
    page.locator("#code").fill(pyotp.TOTP(secret).at(portal.clock.now))
    page.get_by_role("button", name="Finish").click()
    page.locator(".codes").wait_for()
    assert len(page.locator(".codes li").all()) == 10
    check(page, "recovery-codes")
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/staff")
    check(page, "staff-home")


def test_an_admin_changes_the_looks_and_every_page_has_them_at_once(page: Page, portal: Portal) -> None:
    borrow(page, portal, portal.staff(Role.PRACTICE_ADMIN))
    page.goto(f"{home(portal)}/staff/people")
    check(page, "people")
    page.goto(f"{home(portal)}/staff/settings")
    page.get_by_label(re.compile("^Brand")).fill("#ffee88")
    page.get_by_role("button", name="Save the colors").click()
    assert "On brand on brand has a contrast of" in page.get_by_role("alert").inner_text()
    check(page, "settings-refused")
    page.get_by_label(re.compile("^Brand")).fill("#6b2d5c")
    page.get_by_role("button", name="Save the colors").click()
    page.wait_for_url("**/staff/settings?said=saved")
    assert brand_of(page) == "rgb(107, 45, 92)"
    check(page, "settings")
    page.goto(home(portal))
    page.goto(f"{home(portal)}/account/prove")
    check(page, "prove")


def test_a_page_that_is_not_there_has_the_practices_looks(browser: Browser, portal: Portal) -> None:
    page = browser.new_page()
    answer = page.goto(f"{home(portal, CEDAR)}/nowhere")
    assert answer is not None
    assert (answer.status, brand_of(page)) == (404, "rgb(31, 95, 63)")
    check(page, "not-found")
    page.context.close()
