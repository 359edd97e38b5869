"""The books in a real browser: signed in at the portal, by role, on a phone, clean for axe, and never across sites."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyotp
import pytest

from ledger.settings import Settings
from ledger.store.database import connect
from orchestration import serving
from portal_api import cookies
from portal_api.access import Role
from portal_api.identity import invitations, people
from tests.dashboards import marts_tables, sample_books
from tests.support.browsers import chromium
from tests.support.portals import HARBOR, SECRET_TEXT, filled, served
from tests.support.screens import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from ledger.store.database import Database
    from tests.support.portals import Portal

PASSWORD = "a long enough password 7"
AUDITOR = "auditor@harbor.example"


@pytest.fixture(scope="module")
def portal(template: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Yield the portal with the books of the sample month beside it, served; the first practice is Harbor."""
    home = tmp_path_factory.mktemp("home")
    with filled(template, home) as database:
        with contextlib.closing(connect(database, autocommit=True)) as connection:
            marts_tables.create(connection, sample_books.books())
            marts_tables.create_codes(connection)
            for mart in ("visit_revenue", "leaks", "memos"):
                connection.execute(
                    f"update marts.{mart} set practice_id = %s where practice_id = 'practice-1'",
                    (HARBOR.practice.practice_id,),
                )
        settings = Settings(home=home, database_url=database.url, portal_key=SECRET_TEXT)
        with served(settings, database, beside=lambda own: serving.with_books(own, settings, database)) as opened:
            yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield the system's Chromium, else Playwright's."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Yield a page that fails the test when the browser complains, about the content policy for one."""
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    opened.context.close()
    # A refused page is answered 403, which Chromium notes; of the portal's own form for a password it says more.
    assert [each for each in said if "403 (Forbidden)" not in each and "[DOM] Password forms" not in each] == []


def at(portal: Portal, path: str) -> str:
    """Return an address at Harbor's portal."""
    return f"http://{HARBOR.hosts[0]}:{urlsplit(portal.address).port}{path}"


def sign_in(page: Page, portal: Portal, role: Role, email: str = "") -> None:
    """Give the browser a session of somebody with a role."""
    visitor = portal.staff(role, email=email)
    names = (cookies.SESSION, cookies.BROWSER)
    page.context.add_cookies([{"name": name, "value": visitor.cookies[name], "url": at(portal, "/")} for name in names])


def test_an_auditor_signs_in_at_the_portal_and_comes_out_at_the_books(page: Page, portal: Portal) -> None:
    with portal.at() as here:
        found = people.staff_of_email(here, AUDITOR)
        assert found
        link = invitations.link(here, found.id, found.email)
    page.goto(at(portal, urlsplit(link).path))
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button").click()
    page.goto(at(portal, "/books/memos?part=1"))
    assert "/staff/sign-in?next=" in page.url
    page.get_by_label("E-mail address").fill(AUDITOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    secret = page.locator(".code").inner_text().replace(" ", "")
    page.locator("#code").fill(pyotp.TOTP(secret).at(portal.clock.now))
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("link", name="I have kept them").click()
    assert page.url == at(portal, "/books/memos?part=1")
    assert "Vera Holm, reading only" in page.locator(".leave").inner_text()
    check(page, "books-auditor-memos")
    page.get_by_role("button", name="Sign out").click()
    page.goto(at(portal, "/books/memos"))
    assert "/staff/sign-in" in page.url


def test_finance_walks_from_the_portal_through_the_books(page: Page, portal: Portal) -> None:
    sign_in(page, portal, Role.FINANCE, "finance@harbor.example")
    page.goto(at(portal, "/staff"))
    page.get_by_role("navigation").get_by_role("link", name="Books").click()
    assert page.locator("h1").inner_text() == "September 2026"
    check(page, "books-month")
    page.get_by_role("link", name="Memos", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="memos as CSV").click()
    assert download.value.suggested_filename == "memos.csv"
    page.get_by_label("As known at the end of").fill("2026-10-15")
    page.get_by_role("button", name="Show").click()
    assert "as known at the end of 2026-10-15" in page.locator(".then").inner_text()
    page.get_by_role("link", name="Show them as now").click()
    assert page.locator(".then").count() == 0
    page.get_by_role("link", name="Compare two times").click()
    page.get_by_label("Month", exact=True).fill("2026-10")
    page.get_by_label("First").fill("2026-10-14")
    page.get_by_label("and then").fill("2026-10-15")
    page.get_by_role("button", name="Compare").click()
    assert "October 2026: as known at the end of 2026-10-14" in page.locator("h1").inner_text()
    check(page, "books-compare")


def test_billing_sees_one_practice_and_is_told_so(page: Page, portal: Portal) -> None:
    sign_in(page, portal, Role.BILLING)
    page.goto(at(portal, "/books/memos"))
    assert "figures of prac_harbor" in page.locator(".leave").inner_text()
    assert page.get_by_role("link", name="Tie-outs").count() == 0
    check(page, "books-billing-memos")
    page.goto(at(portal, "/books/tieouts"))
    assert "you see those of one" in page.locator("main").inner_text()
    check(page, "books-refused")


def test_the_front_desk_is_refused_in_a_page(page: Page, portal: Portal) -> None:
    sign_in(page, portal, Role.FRONT_DESK)
    page.goto(at(portal, "/books/"))
    assert "The books are for billing, finance" in page.locator("main").inner_text()
