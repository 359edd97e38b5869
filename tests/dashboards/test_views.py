"""The practice view and the data engineer's pages, over HTTP and in a real browser, against the rows of their marts."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import httpx
import pytest

from dashboards.app import create_app
from dashboards.money import MINUS, dollars
from ledger.settings import Settings
from ledger.store.database import Database, connect
from tests.dashboards import marts_tables, operating_books
from tests.dashboards.conftest import served
from tests.dashboards.operating_books import NORTH, PROVIDERS, RUN, SOUTH
from tests.support import screens
from tests.support.browsers import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

DAGSTER = "http://127.0.0.1:4444"
UNKNOWN = "\N{EN DASH}"
MOST_BYTES = 300_000


@pytest.fixture(scope="module")
def address(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the pages over the operating books."""
    with contextlib.closing(connect(module_database, autocommit=True)) as connection:
        marts_tables.create(connection, operating_books.books())
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, database_url=module_database.url, dagster_port=4444)
    with served(create_app(settings, module_database)) as url:
        yield url


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    """Yield a client of the served pages."""
    with httpx.Client(base_url=address) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield a browser."""
    with chromium() as launched:
        yield launched


@pytest.fixture(params=[1280, 375], ids=["desktop", "phone"])
def view(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield a page that fails the test when the browser complains."""
    page = browser.new_page(viewport={"width": request.param, "height": 900})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    yield page
    page.close()
    assert said == []


def cells(page: Page, region: str) -> list[list[str]]:
    """Return the text of the rows of a table, head and foot left out."""
    rows = page.get_by_role("region", name=region, exact=True).locator("tbody tr")
    return [row.locator("th, td").all_inner_texts() for row in rows.all()]


def test_a_practice_opens_at_the_newest_month_in_which_anything_was_due(view: Page, address: str) -> None:
    view.goto(f"{address}/practice")
    assert view.locator("h1").inner_text() == "October 2026"
    assert view.locator(".card.first dd").inner_text().startswith("1,210\n")
    months = cells(view, "Months")
    assert [row[0] for row in months] == ["2026-11", "2026-10", "2026-09", "2026-07"]
    assert months[1][1:] == [
        *("1,210", "1,200", "5.5 %", "2.8 %", "1,500.0 h", "1,000.5 h", "66.7 %", "40", "31", "6 days"),
        *("$1,234.56", "$617.28"),
    ]
    screens.check(view, f"practice-{view.viewport_size['width'] if view.viewport_size else 0}")


def test_what_is_owed_is_what_the_mart_holds_to_the_cent(view: Page, address: str) -> None:
    view.goto(f"{address}/practice/2026-10?practice={SOUTH}")
    held = [row for row in operating_books.practice_ageing() if row["practice_id"] == SOUTH]
    patients = [row["amount_cents"] for row in held if row["owed_by"] == "patients"]
    shown = cells(view, "Balances outstanding")
    assert shown[0] == ["Patients", *map(dollars, patients), dollars(sum(patients))]
    foot = view.get_by_role("region", name="Balances outstanding").locator("tfoot td").all_inner_texts()
    assert foot[-1] == dollars(sum(row["amount_cents"] for row in held))


def test_without_calendars_it_says_so_and_shows_no_utilisation(client: httpx.Client) -> None:
    text = client.get("/practice", params={"practice": SOUTH}).text
    assert "how many hours were offered nobody has said" in text
    assert "Nor is it known when patients signed up" in text
    assert "Booked minutes of the minutes" not in text
    assert "how many hours" not in client.get("/practice", params={"practice": NORTH}).text


def test_charts_say_in_words_what_they_draw_and_leave_no_month_out(client: httpx.Client) -> None:
    text = client.get("/practice/2026-09", params={"practice": NORTH}).text
    assert 'aria-label="Sessions by month. 2026-07: 7; 2026-09: 1,100; 2026-10: 1,210; 2026-11: 0"' in text
    drawn = re.findall(
        r"<rect[^>]* fill=\"(#1d3557|#8fa7c7)\"", text[text.index("Sessions by month") :].split("</svg>")[0]
    )
    assert drawn == ["#8fa7c7", "#1d3557", "#8fa7c7"]


def test_providers_come_in_parts(client: httpx.Client) -> None:
    shown = [
        re.findall(r"provider-\d+", client.get("/practice/2026-10", params={"practice": NORTH, "part": part}).text)
        for part in (1, 2)
    ]
    assert [len(part) for part in shown] == [100, PROVIDERS - 100]
    assert client.get("/practice/2026-10", params={"practice": NORTH, "part": 3}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/practice?practice=nobody", f"/practice/2020-01?practice={NORTH}", "/data/files?kind=x"]
)
def test_what_the_books_do_not_know_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_data_page_says_what_blocks_and_leads_into_dagster(view: Page, address: str) -> None:
    view.goto(f"{address}/data")
    state = view.locator("p.state").inner_text()
    assert "The last run: blocked." in state
    assert "1 of 3 contracts are kept; 2 broken, 1 of them blocking." in state
    assert "1 file waits for a reconcile." in state
    feeds = {row[0].split("\n")[0]: row[1:8] for row in cells(view, "Feeds")}
    assert feeds["Stripe objects"] == ["stale", "2026-10-31", "2026-11-01 02:30", "120", "1", "1,000,000", "0"]
    assert feeds["Bank deposits"] == ["never loaded", UNKNOWN, UNKNOWN, "0", "0", "0", "0"]
    broken = cells(view, "Broken contracts")
    assert [row[0].split("\n")[0] for row in broken] == ["visit charge cents is not negative", "stripe object is fresh"]
    assert f"{MINUS}$0.01" in broken[0][3]
    assert not view.get_by_role("region", name="Kept contracts").is_visible()
    view.get_by_text("1 contract is kept").click()
    assert [row[0].split("\n")[0] for row in cells(view, "Kept contracts")] == ["visit is fresh"]
    runs = (
        view.get_by_role("region", name="Last runs").locator("tbody a").evaluate_all("links => links.map(a => a.href)")
    )
    assert runs[0] == f"{DAGSTER}/runs/{RUN}"
    screens.check(view, f"data-{view.viewport_size['width'] if view.viewport_size else 0}")


def test_files_show_the_marts_control_totals_in_parts(view: Page, address: str) -> None:
    view.goto(f"{address}/data/files?kind=era&part=2")
    shown = cells(view, "Files")
    ours = [row for row in operating_books.feed_files() if row["kind"] == "era"][::-1][100:]
    assert [(row[0], row[-1]) for row in shown] == [
        (str(row["load_id"]), dollars(row["control_cents"])) for row in ours
    ]
    view.get_by_role("link", name="Previous").click()
    assert len(cells(view, "Files")) == 100
    screens.check(view, f"files-{view.viewport_size['width'] if view.viewport_size else 0}")


def test_partitions_are_listed_the_last_made_first(client: httpx.Client) -> None:
    text = client.get("/data/partitions/visits").text
    days = re.findall(r"<th scope=\"row\"><code>([\d-]+)</code>", text)
    assert (len(days), days[0], days[-1]) == (100, "2026-09-27", "2026-06-20")
    assert f"{DAGSTER}/assets/raw/visits?view=partitions" in text
    assert client.get("/data/partitions/fees").status_code == 404


@pytest.mark.parametrize("path", ["/practice", "/data", "/data/files", "/data/partitions/visits"])
def test_a_page_is_small(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert len(answer.content) < MOST_BYTES


def test_books_without_a_practice_say_so(settings: Settings, database: Database) -> None:
    with contextlib.closing(connect(database, autocommit=True)) as connection:
        marts_tables.create(connection, {})
    with served(create_app(settings, database)) as url, httpx.Client(base_url=url) as opened:
        assert "No practice has a visit" in opened.get("/practice").text
        page = opened.get("/data")
        assert page.status_code == 200
        assert "Nothing was reconciled yet." in page.text
