"""The pack of a closed month: its figures are the kept rows, its formulas come to 0, its bytes never change."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from contextlib import closing
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import openpyxl
import pytest

from dashboards.money import dollars
from ledger.store import closed_packs
from ledger.store.database import connect
from orchestration import exports, published
from orchestration.pack import kept, making, pdf
from tests.support.closed_world import ADA, CLOSED, EXPLAINED, Parts, Story
from tests.support.formulas import Sheets
from tests.support.product_run import Product

if TYPE_CHECKING:
    from ledger.store.database import Database

pytestmark = pytest.mark.timeout(600)
SEPTEMBER, OCTOBER = CLOSED


@pytest.fixture(scope="module")
def closed(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Close two months of a part of a world, and make the pack of the first."""
    story = Story(Parts.of(Product.at, module_database, tmp_path_factory.mktemp("pack"), seed=7, visits=60))
    story.parts.load(0)
    story.parts.reconcile()
    assert story.parts.close(SEPTEMBER, ADA).closed is None
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


class _Cells(HTMLParser):
    """Reads the rows of all tables of a page, each a tuple of texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag in {"td", "th"} or (self.inside and tag not in {"p", "h2"})
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
        assert all(name not in {"src", "style"} for name, _ in attrs)
        assert all(str(value).startswith("#") for name, value in attrs if name == "href")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def test_the_page_has_every_kept_figure_of_the_month_to_the_cent_and_links_to_nothing_outside(
    closed: Story, pack: dict[str, bytes]
) -> None:
    page = pack["html"].decode()
    rows = {tuple(row) for row in _Cells(page).rows}
    for figure in _kept(closed, "month_summary"):
        words = figure["measure"].replace("_", " ").replace("pos ", "POS ")
        shown = (words[:1].upper() + words[1:], f"{figure['count']:,}", dollars(figure["amount_cents"]))
        assert shown in rows, figure
    for figure in _kept(closed, "trial_balance"):
        amounts = tuple(dollars(figure[f"{name}_cents"]) for name in ("opening", "debit", "credit", "closing"))
        assert any(row[-4:] == amounts for row in rows), figure
    for point in _kept(closed, "close_checklist"):
        assert point["found"] in page.replace("&#39;", "'").replace("&gt;", ">").replace("&#34;", '"'), point
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
    document = pack["pdf"] + b"".join(_streams(pack["pdf"]))
    for mark in (b"/StructTreeRoot", b"/Marked true", b"/Lang", b'pdfuaid:part="1"', b"Close pack of September 2026"):
        assert mark in document, mark
    for tag in (b"/H1", b"/H2", b"/Table", b"/TH", b"/TD", b"/Figure", b"/Alt"):
        assert tag in document, tag


def _streams(document: bytes) -> list[bytes]:
    found = []
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL):
        try:
            found.append(zlib.decompress(match[1]))
        except zlib.error:
            found.append(match[1])
    return found


def test_a_pack_is_byte_for_byte_the_same_made_twice_and_after_all_that_came_later(
    closed: Story, pack: dict[str, bytes], drawn: dict[str, bytes]
) -> None:
    database = closed.parts.product.database
    assert _drawn(database, SEPTEMBER) == pack
    closed.parts.load(1)
    closed.parts.load(2)
    closed.parts.reconcile()
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
