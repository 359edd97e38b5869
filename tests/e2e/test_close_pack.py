"""A month closed in a browser and its pack: figures are the kept rows, formulas come to 0, bytes never change."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import openpyxl
import pytest

from dashboards.money import dollars, in_dollars
from ledger.settings import Settings
from ledger.store import closed_packs
from ledger.store.database import connect
from orchestration import exports, published
from orchestration.pack import kept, making, pdf
from orchestration.serving import with_books
from portal_api import audit_chain, cookies
from portal_api.access import Role
from tests.support.browsers import chromium
from tests.support.closed_world import CLOSED, EXPLAINED, Parts, Story
from tests.support.formulas import Sheets
from tests.support.packs import Cells, streams
from tests.support.portals import HARBOR, SECRET_TEXT, filled, served
from tests.support.product_run import Product
from tests.support.screens import check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from ledger.store.database import Database
    from tests.support.portals import Portal

pytestmark = pytest.mark.timeout(600)
SEPTEMBER, OCTOBER = CLOSED
TWO_AMOUNTS = {"eft_tieout", "payout_tieout", "balance_tieout"}


@pytest.fixture(scope="module")
def story(template: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Load and reconcile a part of a world, in books that have a portal with its sample practices."""
    home = tmp_path_factory.mktemp("pack")
    with filled(template, home) as database:
        story = Story(Parts.of(Product.at, database, home, seed=7, visits=90))
        story.parts.load(0)
        story.parts.reconcile()
        yield story


@pytest.fixture(scope="module")
def portal(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Serve the portal, and beside it the books."""
    product = story.parts.product
    settings = Settings(
        home=tmp_path_factory.mktemp("home"),
        database_url=product.database.url,
        timezone=product.settings.timezone,
        portal_key=SECRET_TEXT,
    )
    with served(settings, product.database, beside=lambda own: with_books(own, settings, product.database)) as opened:
        yield opened


@pytest.fixture(scope="module")
def closed(story: Story) -> Story:
    """Close two months, but for what the browser has closed already."""
    for period in CLOSED:
        assert story.parts.close(period, EXPLAINED).closed
    return story


@pytest.fixture(scope="module")
def pack(closed: Story) -> dict[str, bytes]:
    """Return the files of the first month's pack."""
    return _files(closed.parts.product.database, SEPTEMBER)


@pytest.fixture(scope="module")
def drawn(closed: Story) -> dict[str, bytes]:
    """Return what the pack of the second month would be, drawn and never kept: whoever closed it was killed then."""
    return _drawn(closed.parts.product.database, OCTOBER)


def _files(database: Database, period: str) -> dict[str, bytes]:
    found = making.made(database, period)
    assert found.without == {}
    with closing(connect(database)) as connection:
        return {form: closed_packs.content(connection, period, found.version, form) for form in found.files}


def _drawn(database: Database, period: str) -> dict[str, bytes]:
    with closing(connect(database)) as connection:
        files, without = making.drawn(connection, period, 1, closed_packs.FORMATS)
    assert without == {}
    return files


def _opened(browser: Browser, portal: Portal, email: str, role: Role) -> Page:
    """Open a page for a member of staff."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    visitor, host = portal.staff(role, email=email), HARBOR.hosts[0]
    address = f"http://{host}:{urlsplit(portal.address).port}"
    names = (cookies.SESSION, cookies.BROWSER)
    page.context.add_cookies([{"name": name, "value": visitor.cookies[name], "url": address} for name in names])
    page.goto(f"{address}/books/closing")
    return page


def test_a_month_is_looked_at_explained_and_closed_in_a_browser_and_its_pack_is_downloaded(
    story: Story, portal: Portal, tmp_path: Path
) -> None:
    with chromium() as browser:
        page = _opened(browser, portal, "finance@harbor.example", Role.FINANCE)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.get_by_role("link", name="September 2026").click()
        assert "Nobody has looked" in page.locator(".state").inner_text()
        page.get_by_role("button", name="Look at the checklist").click()
        waiting = _open(page)
        check(page, "close-open-month")
        assert re.search(r"\$[0-9]", " ".join(page.locator(".check.open").all_inner_texts()))
        assert not re.search(r"[0-9] cents", page.locator("main").inner_text())
        _explained(page, "The bank was called on 3 November")
        assert _open(page) == waiting - 1
        assert page.get_by_text("The bank was called on 3 November").is_visible()
        page.get_by_role("link", name="Close the month …").click()
        check(page, "close-confirm")
        page.get_by_label("Why may they stand?").fill(str(EXPLAINED.why))
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("The month is closed. Its figures stay").wait_for()
        assert "by Tomas Lind" in page.locator(".state").inner_text()
        check(page, "close-closed-month")
        for form, content in _files(story.parts.product.database, SEPTEMBER).items():
            with page.expect_download() as taking:
                page.get_by_role("link", name=f"v1.{making.ENDINGS[form]}").click()
            taking.value.save_as(tmp_path / form)
            assert (tmp_path / form).read_bytes() == content
            assert page.get_by_text(hashlib.sha256(content).hexdigest()).is_visible()
        page.goto((tmp_path / "html").rename(tmp_path / "pack.html").as_uri())
        check(page, "close-pack")
        assert said == []
    assert [subject for action, subject in _audited(portal) if action == "pack.taken"] == [
        f"file/trueup-close-{SEPTEMBER}-v1.{making.ENDINGS[form]}" for form in closed_packs.FORMATS
    ]
    assert {"point.explained", "month.closed", "pack.made"} <= {action for action, _ in _audited(portal)}


def _open(page: Page) -> int:
    """Return how many points hold the month up, as the page counts them and as it lists them."""
    counted = int(page.locator(".state").inner_text().split()[1])
    assert page.locator(".check.open .point:has(a)").count() == counted
    return counted


def _explained(page: Page, why: str) -> None:
    """Explain the first open point."""
    page.get_by_role("link", name="Explain").first.click()
    check(page, "close-explain")
    page.get_by_label("Why may it stand?").fill(why)
    page.get_by_role("button", name="Keep this reason").click()


def _audited(portal: Portal) -> list[tuple[str, str]]:
    with portal.at() as here:
        return [(row.entry.action, row.entry.subject) for row in audit_chain.rows(here.db, here.practice.practice_id)]


DEEDS = ("look", "explain", "close", "reopen", "packs/1")


@pytest.mark.usefixtures("pack")
@pytest.mark.parametrize(
    ("email", "role"),
    [
        ("auditor@harbor.example", Role.AUDITOR),
        ("", Role.BILLING),
        ("", Role.PRACTICE_ADMIN),
    ],
)
def test_only_finance_of_all_practices_closes_and_an_auditor_reads(
    closed: Story, portal: Portal, email: str, role: Role
) -> None:
    before = closed.asked("select count(*) as events from ledger.period_event")
    somebody = portal.staff(role, email=email)
    for deed in DEEDS:
        asked = somebody.submit(f"/books/closing/{SEPTEMBER}/{deed}", why="because", check="run", key="run")
        assert asked.status_code == 403, deed
    reads = 200 if role is Role.AUDITOR else 403
    assert somebody.get(f"/books/closing/{SEPTEMBER}").status_code == reads
    assert somebody.get(f"/books/closing/{SEPTEMBER}/packs/1/html").status_code == reads
    assert closed.asked("select count(*) as events from ledger.period_event") == before


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("", 200, "October 2026"),
        ("/2016-13", 404, "The books know no such month"),
        (f"/{SEPTEMBER}/packs/7/pdf", 404, "No such file is kept"),
        (f"/{SEPTEMBER}/packs/1/parquet", 404, "No such file is kept"),
        (f"/{SEPTEMBER}/explain?check=run&key=run", 404, "no open point that may be explained"),
        (f"/{SEPTEMBER}?version=1", 200, "as closed, version 1"),
        (f"/{SEPTEMBER}?as_of=2026-01-31", 200, "not kept by day"),
        ("?as_of=2026-01-31", 200, "as known at the end of 2026-01-31"),
    ],
)
def test_what_the_cockpit_answers(portal: Portal, path: str, status: int, says: str) -> None:
    answer = portal.staff(Role.FINANCE, email="finance@harbor.example").get(f"/books/closing{path}")
    assert answer.status_code == status
    assert says in answer.text


def test_every_formula_of_the_workbook_comes_to_what_was_kept_and_every_difference_to_0(
    closed: Story, pack: dict[str, bytes]
) -> None:
    book, cached = (openpyxl.load_workbook(io.BytesIO(pack["xlsx"]), data_only=only) for only in (False, True))
    sheets = Sheets(book)
    formulas = [
        (name, cell.coordinate)
        for name in ("Pack", "Checks", "Control totals")
        for row in book[name].iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    assert len(formulas) > 300
    for name, cell in formulas:
        assert sheets.value(name, cell) == cached[name][cell].value, (name, cell)
    assert sheets.value("Checks", "B2") == sheets.value("Control totals", "B2") == 0
    assert "Every check ties to the cent" in [row[1] for row in cached["Pack"].iter_rows(values_only=True)]
    totals = list(book["Control totals"].iter_rows(min_row=5, values_only=True))
    assert len(totals) > 60
    for place, (table, column, *_) in enumerate(totals, start=5):
        assert sheets.value("Control totals", f"C{place}") == _kept_sum(closed, table, column), (table, column)


def _kept_sum(closed: Story, table: str, column: str) -> int:
    if table == "revenue_feed":
        (row,) = closed.asked(
            f"select sum({column})::bigint as cents from marts.revenue_feed where period = '{SEPTEMBER}'"
        )
    else:
        (row,) = closed.asked(
            f"select coalesce(sum((figure ->> '{column}')::bigint), 0)::bigint as cents from ledger.closed_figure"
            f" where period = '{SEPTEMBER}' and table_name = '{table}'"
        )
    return int(row["cents"])


def test_one_cent_changed_in_a_sheet_shows_in_its_checks(pack: dict[str, bytes]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(pack["xlsx"]))
    sheet = book["trial_balance"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, columns["debit_cents"]).value += 1
    sheets = Sheets(book)
    assert sheets.value("Control totals", "B2") == 1
    # Debits against credits, the way from opening to closing, and the journal's lines.
    assert sheets.value("Checks", "B2") == 3
    assert "Something differs" in str(sheets.value("Pack", f"B{_result_row(book)}"))


def _result_row(book: openpyxl.Workbook) -> int:
    return next(row[0].row for row in book["Pack"].iter_rows() if row[0].value == "Result")


def test_the_page_has_every_kept_figure_of_the_month_to_the_cent_and_links_to_nothing_outside(
    closed: Story, pack: dict[str, bytes]
) -> None:
    page = pack["html"].decode()
    rows = {tuple(row) for row in Cells(page).rows}
    for figure in _kept(closed, "month_summary"):
        words = figure["measure"].replace("_", " ").replace("pos ", "POS ")
        shown = (words[:1].upper() + words[1:], f"{figure['count']:,}", dollars(figure["amount_cents"]))
        assert shown in rows, figure
    for figure in _kept(closed, "trial_balance"):
        amounts = tuple(dollars(figure[f"{name}_cents"]) for name in ("opening", "debit", "credit", "closing"))
        assert any(row[-4:] == amounts for row in rows), figure
    for point in _kept(closed, "close_checklist"):
        is_of_two = point["check"] in TWO_AMOUNTS and point["state"] != "ok"
        assert not is_of_two or str(point["found"]).count(" cents") == 2, point
        assert in_dollars(str(point["found"])) in page.replace("&#39;", "'").replace("&gt;", ">").replace(
            "&#34;", '"'
        ), point
    assert not re.search(r"[0-9] cents", page)
    assert EXPLAINED.why is not None
    assert page.count(EXPLAINED.why) > 1
    assert "ties to the cent" in page
    for table in _sealed(closed):
        assert table in page


def _kept(closed: Story, table: str) -> list[dict[str, int | str]]:
    rows = closed.asked(
        f"select figure from ledger.closed_figure where period = '{SEPTEMBER}' and table_name = '{table}'"
    )
    assert rows
    return [row["figure"] for row in rows]


def _sealed(closed: Story) -> list[str]:
    return [
        row["sha256"] for row in closed.asked(f"select sha256 from ledger.closed_table where period = '{SEPTEMBER}'")
    ]


def test_the_zip_has_every_table_as_it_is_exported_and_their_hashes(closed: Story, pack: dict[str, bytes]) -> None:
    archive = zipfile.ZipFile(io.BytesIO(pack["csv"]))
    hashes = dict(line.split("  ")[::-1] for line in archive.read("SHA256SUMS").decode().splitlines())
    with closing(connect(closed.parts.product.database)) as connection:
        tables = published.as_closed(connection, SEPTEMBER, 1)
        assert set(archive.namelist()) == {f"{name}.csv" for name in tables} | {"SHA256SUMS"}
        for name, table in tables.items():
            sink = io.BytesIO()
            exports.as_csv(connection, table, sink)
            assert archive.read(f"{name}.csv") == sink.getvalue(), name
            assert hashes[f"{name}.csv"] == hashlib.sha256(sink.getvalue()).hexdigest()


def test_the_pdf_is_tagged_and_says_what_it_is(pack: dict[str, bytes]) -> None:
    document = pack["pdf"] + b"".join(streams(pack["pdf"]))
    for mark in (b"/StructTreeRoot", b"/Marked true", b"/Lang", b'pdfuaid:part="1"', b"Close pack of September 2026"):
        assert mark in document, mark
    for tag in (b"/H1", b"/H2", b"/Table", b"/TH", b"/TD", b"/Figure", b"/Alt"):
        assert tag in document, tag


@pytest.fixture(scope="module")
def moved(closed: Story, pack: dict[str, bytes], drawn: dict[str, bytes]) -> Story:
    """Load all the rest, late for the closed months, and reconcile."""
    assert pack.keys() == drawn.keys()
    closed.parts.load(1)
    closed.parts.load(2)
    closed.parts.reconcile()
    return closed


def test_a_pack_is_byte_for_byte_the_same_made_twice(closed: Story, pack: dict[str, bytes]) -> None:
    assert _drawn(closed.parts.product.database, SEPTEMBER) == pack


def test_a_pack_is_byte_for_byte_the_same_after_all_that_came_later(
    moved: Story, pack: dict[str, bytes], drawn: dict[str, bytes]
) -> None:
    database = moved.parts.product.database
    assert _files(database, SEPTEMBER) == pack
    assert _drawn(database, SEPTEMBER) == pack
    # The one of the month whose closing was killed before its pack.
    assert _files(database, OCTOBER) == drawn
    with closing(connect(database)) as connection:
        assert pdf.tagged(closed_packs.content(connection, OCTOBER, 1, "html").decode()) == drawn["pdf"]


def test_a_month_whose_rows_were_tampered_with_gets_no_pack(closed: Story) -> None:
    with connect(closed.parts.product.database) as connection:
        connection.execute("alter table ledger.closed_figure disable trigger user")
        connection.execute(
            "update ledger.closed_figure set figure = figure || '{\"amount_cents\": 1}'"
            f" where period = '{OCTOBER}' and table_name = 'month_summary' and place = 1"
        )
        with pytest.raises(kept.NotAsSealed, match="month_summary of 2026-10"):
            making.drawn(connection, OCTOBER, 1, ["html"])
        connection.rollback()


def test_a_month_is_reopened_with_a_reason_and_its_bridge_leads_to_now(moved: Story, portal: Portal) -> None:
    finance = portal.staff(Role.FINANCE, email="finance@harbor.example")
    page = finance.get(f"/books/closing/{SEPTEMBER}").text
    steps = moved.asked(f"select * from marts.close_bridge where period = '{SEPTEMBER}'")
    assert len(steps) > 1
    rows = {tuple(row) for row in Cells(page, stands_alone=False).rows}
    assert {("As closed", dollars(steps[0]["as_closed_cents"])), ("As now", dollars(steps[0]["as_now_cents"]))} <= rows
    assert {dollars(step["movement_cents"]) for step in steps} <= {row[-1] for row in rows if row}
    assert finance.submit(f"/books/closing/{SEPTEMBER}/reopen", why=" ").status_code == 400
    assert finance.submit(f"/books/closing/{SEPTEMBER}/reopen", why="a file was forgotten").status_code == 303
    assert finance.submit(f"/books/closing/{SEPTEMBER}/reopen", why="again").status_code == 409
    again = finance.get(f"/books/closing/{SEPTEMBER}")
    assert "a file was forgotten" in again.text
    assert "trueup-close-2026-09-v1.pdf" in again.text
