"""The pages in a real browser: wide, narrow and from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashboards.pages import month
from tests.dashboards import sample_books
from tests.support import screens
from tests.support.browsers import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield the system's Chromium, else Playwright's; with none, skip, or fail where one is required."""
    with chromium() as launched:
        yield launched


@pytest.fixture(params=[1280, 375], ids=["desktop", "phone"])
def view(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield a page that fails the test when the browser complains, about the content policy for one."""
    page = browser.new_page(viewport={"width": request.param, "height": 900})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    yield page
    page.close()
    assert said == []


def _fits(page: Page) -> bool:
    page.wait_for_load_state()  # before its style sheet came no page fits
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_from_the_month_one_clicks_down_to_a_visit(view: Page, address: str) -> None:
    view.goto(address)
    assert view.locator("h1").inner_text() == "September 2026"
    assert _fits(view)
    view.get_by_role("link", name="Completed, not billed").first.click()
    assert _fits(view)
    view.locator("main table a[href^='/visits/']").first.click()
    assert view.locator("h1").inner_text() == str(sample_books.token(130))
    assert _fits(view)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("month", "/"),
        ("practice", f"/months/{sample_books.MONTH}/practices/practice-1"),
        ("rows", f"/months/{sample_books.MONTH}/rows/visit_revenue?adds=gross_revenue_cents,-contractual_cents"),
    ],
)
def test_the_month_and_its_rows_are_for_every_reader(view: Page, address: str, name: str, path: str) -> None:
    view.goto(address + path)
    assert view.viewport_size
    screens.check(view, f"books-{name}-{view.viewport_size['width']}")


@pytest.mark.parametrize("path", ["/memos", "/tieouts"])
def test_wide_tables_scroll_inside_the_page(view: Page, address: str, path: str) -> None:
    view.goto(address + path)
    assert _fits(view)


def test_the_keyboard_reaches_the_figures_first(view: Page, address: str) -> None:
    view.goto(address)
    view.keyboard.press("Tab")
    assert view.locator(":focus").inner_text() == "Skip to the figures"
    view.keyboard.press("Enter")
    assert view.locator("main:focus").count() == 1


def test_amounts_stand_in_one_column_of_equal_digits(view: Page, address: str) -> None:
    view.goto(address)
    styles = view.locator("td.amount").evaluate_all(
        "cells => cells.map(c => getComputedStyle(c).textAlign + ' ' + getComputedStyle(c).fontVariantNumeric)"
    )
    assert {style.split()[0] for style in styles} == {"right"}
    assert all("tabular-nums" in style for style in styles)


def test_the_file_opens_styled_without_a_server(view: Page, marts: psycopg.Connection, tmp_path: Path) -> None:
    file = tmp_path / "month.html"
    file.write_text(month.render(marts, None), encoding="utf-8")
    view.goto(file.as_uri())
    assert _fits(view)
    assert view.locator(".top").evaluate("bar => getComputedStyle(bar).backgroundColor") == "rgb(29, 53, 87)"
    assert view.locator("svg rect").first.bounding_box()
