"""The registers and the place-of-service report in a real browser: clean for axe, on a phone, cut by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.browsers import chromium
from tests.support.screens import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

PAGES = {
    "memos": "/memos",
    "tieouts": "/tieouts",
    "tieout": "/tieouts/era",
    "quarantine": "/quarantine",
    "pos": "/pos",
    "corrections": "/pos/claims",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield a real browser."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Yield a page that fails the test when the browser complains."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    yield page
    page.close()
    assert said == []


def test_every_register_is_clean_and_fits_a_phone(page: Page, address: str) -> None:
    for name, path in PAGES.items():
        page.goto(address + path)
        check(page, f"books-{name}")


def test_the_register_is_cut_by_keyboard_alone(page: Page, address: str) -> None:
    page.goto(f"{address}/memos")
    page.locator("select[name=kind]").focus()
    page.keyboard.type("credit")
    page.get_by_role("button", name="Filter").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**kind=credit**")
    rows = page.get_by_role("region", name="Memos", exact=True).locator("tbody tr")
    assert {row.split("\t")[1] for row in rows.all_inner_texts()} == {"credit"}


@pytest.mark.parametrize("by", ["payer", "provider"])
def test_a_group_leads_to_its_claims(page: Page, address: str, by: str) -> None:
    page.goto(f"{address}/pos?by={by}")
    link = page.get_by_role("region", name="Variance").locator("tbody th a").first
    name = link.inner_text()
    link.click()
    assert page.locator("h1").inner_text() == "Claims worth correcting"
    assert page.locator(f"select[name={by}]").input_value() == name
