"""Files of the books' pages: the rows that the page shows, as the command line writes them, and what the audit says."""

from __future__ import annotations

import contextlib
import html
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from ledger.settings import Settings
from ledger.store.database import connect
from orchestration import exports, published, serving
from portal_api import audit_chain
from portal_api.access import Role
from tests.dashboards import marts_tables, operating_books, sample_books
from tests.support.portals import SECRET_TEXT, filled, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database
    from tests.support.portals import Portal, Visitor

MONTH = sample_books.MONTH


@pytest.fixture(scope="module")
def books(template: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Yield a database with a sample month and the sample practices, whose staff read it."""
    with filled(template, tmp_path_factory.mktemp("home")) as made:
        with contextlib.closing(connect(made, autocommit=True)) as connection:
            marts_tables.create(connection, sample_books.books() | operating_books.books())
        yield made


@pytest.fixture(scope="module")
def reader(books: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Portal, Visitor]]:
    """Yield the portal with the books beside it, and a browser of somebody in finance who sees all practices."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), database_url=books.url, portal_key=SECRET_TEXT)
    with served(settings, books, beside=lambda own: serving.with_books(own, settings, books)) as opened:
        yield opened, opened.staff(Role.FINANCE, email="finance@harbor.example")


def as_csv(books: Database, table: published.Table) -> bytes:
    """Return a table as the command line exports it."""
    with contextlib.closing(connect(books)) as connection:
        sink = io.BytesIO()
        exports.as_csv(connection, table, sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("path", "mart", "shown"),
    [
        ("memos?kind=debit&status=pending", "memos", "kind = 'debit' and posting_status = 'pending'"),
        (f"months/{MONTH}/leaks?category=denied", "leaks", f"category = 'denied' and period = '{MONTH}'"),
        ("leaks?payer=-", "leaks", "payer_id is null"),
        ("leaks?period=-", "leaks", "period is null"),
        (f"months/{MONTH}/rows/memos?period=2026-11&adds=amount_cents", "memos", "period = '2026-11'"),
        (f"months/{MONTH}/rows/memos?period=2026-01..2026-10", "memos", "period <= '2026-10'"),
        ("leaks?category=denied&age=0-30", "leak_sums", "category = 'denied' and bucket = '0-30'"),
        ("leaks?work=nobody", "leaks", "leak_id not in (select leak_id from marts.worklist where leak_id is not null)"),
        ("leaks?work=dismissed", "leaks", "leak_id in (select leak_id from marts.worklist where state = 'dismissed')"),
        ("pos?payer=payer-a", "pos_variance", "payer_id = 'payer-a'"),
        ("pos/claims?step=correct", "corrected_claims", "next_step = 'correct'"),
        ("quarantine?source=era", "quarantine", "source = 'era'"),
        ("tieouts/era", "era_tieout", "verdict in ('held', 'conflict') and settlement is distinct from 'replaced'"),
        ("tieouts/era?status=posted", "era_tieout", "verdict = 'posted' and settlement is distinct from 'replaced'"),
        ("tieouts/era?status=replaced", "era_tieout", "settlement = 'replaced'"),
        ("tieouts/eft", "eft_tieout", "status <> 'matched'"),
        ("tieouts/payout", "payout_tieout", "residual_cents <> 0"),
        ("tieouts/payout?status=manual", "payout_tieout", "residual_cents is null"),
        ("practice?practice=practice-1", "practice_months", "practice_id = 'practice-1'"),
        (
            f"months/{MONTH}/rows/visit_revenue?adds=denied_cents&service_period={MONTH}&payer_id=*",
            "visit_revenue",
            f"denied_cents <> 0 and service_period = '{MONTH}' and payer_id is not null",
        ),
    ],
)
def test_the_file_of_a_page_has_the_rows_the_page_shows_as_the_command_gives_them(
    reader: tuple[Portal, Visitor], books: Database, path: str, mart: str, shown: str
) -> None:
    _, visitor = reader
    text = html.unescape(visitor.get(f"/books/{path}").text)
    (link,) = re.findall(rf'href="(/books/exports/{mart}\.csv[^"]*)"', text)
    answer = visitor.get(link)
    with contextlib.closing(connect(books)) as connection:
        table = published.tables(connection)[mart]
    assert answer.content == as_csv(books, replace(table, relation=f"(select * from marts.{mart} where {shown})"))
    where = parse_qs(urlsplit(link).query, keep_blank_values=True)
    if "work" not in where:  # which stands in the worklist and in no column
        is_month = re.fullmatch(r"[0-9]{4}-[0-9]{2}", "".join(where.get("period", ())))
        of_month = published.cut(table, where.pop("period")[0]) if is_month else table
        assert as_csv(books, published.chosen(of_month, where)) == answer.content


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ("nothing=1", 422, "This table has no column"),
        ("amount_cents=x", 400, "These rows cannot be chosen so"),
        ("work=nothing", 400, "work is one of"),
    ],
)
def test_what_no_row_can_be_chosen_by_is_said(
    reader: tuple[Portal, Visitor], asked: str, status: int, says: str
) -> None:
    answer = reader[1].get(f"/books/exports/leaks.csv?{asked}")
    assert (answer.status_code, says in answer.text) == (status, True)


def test_the_audit_tells_what_a_file_was_cut_by_and_repeats_nobodys_words(
    reader: tuple[Portal, Visitor],
) -> None:
    asked = {"kind": "debit", "caused_by": "Jane Doe", "posting_status": ""}
    portal, visitor = reader
    answer = visitor.get("/books/exports/memos.csv", params=asked)
    assert answer.headers["content-disposition"] == 'attachment; filename="memos-debit-chosen-none.csv"'
    said = "table/memos.csv kind=debit caused_by=chosen posting_status=none rows=0"
    with portal.at() as here:
        *_, last = audit_chain.rows(here.db, here.practice.practice_id)
    assert (last.entry.action, last.entry.subject) == ("books.exported", said)
