"""What the pages say, and what they refuse."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest

from dashboards.app import create_app
from dashboards.desk import Desk
from dashboards.leak_guide import guide
from dashboards.money import dollars
from dashboards.pages import month
from dashboards.pages.tieouts import KINDS
from dashboards.reading import restricted
from ledger.store.database import connect
from tests.dashboards import marts_tables, sample_books
from tests.dashboards.conftest import served
from tests.dashboards.month_marts import steps

if TYPE_CHECKING:
    from dashboards.desk import Connection, Reader
    from ledger.settings import Settings
    from ledger.store.database import Database

MONTH = sample_books.MONTH
PAGES = [
    "/",
    f"/months/{MONTH}",
    f"/months/{MONTH}/leaks/denied",
    f"/months/{MONTH}/practices/practice-1",
    f"/months/{MONTH}/rows/visit_revenue",
    f"/visits/{sample_books.token(0)}",
    "/memos",
    "/tieouts",
    *(f"/tieouts/{kind}" for kind in KINDS),
    "/quarantine",
    "/remits",
    f"/remits/{'5a' * 32}-1",
    "/pos",
    "/pos?by=payer",
    "/pos/claims",
]


def _amount(measure: str) -> str:
    return dollars(sum(row["amount_cents"] for row in sample_books.month_summary() if row["measure"] == measure))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_under_a_strict_policy_and_is_kept_nowhere(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<script|style=|\son\w+=|https?://", answer.text)


def test_the_newest_month_is_the_newest_that_brought_revenue(client: httpx.Client) -> None:
    assert "<h1>September 2026</h1>" in client.get("/").text


def test_the_month_shows_its_figures_and_ties_to_the_cent(client: httpx.Client) -> None:
    text = client.get(f"/months/{MONTH}").text
    assert "The books tie to the cent" in text
    for measure in ("pos_adjusted_revenue", "payer_paid", "patient_collected", "pos_variance"):
        assert _amount(measure) in text


def test_a_cent_that_is_missing_is_shown_and_not_plugged(marts: psycopg.Connection) -> None:
    marts.execute("update marts.revenue_waterfall set amount_cents = amount_cents - 1 where step = 'contractual'")
    text = month.render(marts, MONTH)
    assert "Not explained" in text
    assert "1 of 5 checks differ" in text


def test_a_leak_leads_to_its_visit_and_says_what_to_do(client: httpx.Client) -> None:
    listed = client.get(f"/months/{MONTH}/leaks/completed_not_billed").text
    token = sample_books.token(130)
    assert f'href="/visits/{token}"' in listed
    assert "Invoice or charge" in listed
    visit = client.get(f"/visits/{token}").text
    assert "Completed, not billed" in visit
    assert "$35.00" in visit


def test_the_long_register_comes_in_parts(client: httpx.Client) -> None:
    first, second = (client.get("/memos", params={"part": part}).text for part in (1, 2))
    assert "Part 1 of 2" in first
    assert first.count("/visits/") + second.count("/visits/") == len(sample_books.memos())
    assert client.get("/memos", params={"part": 3}).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/months/1999-01",
        f"/months/{MONTH}/leaks/nothing",
        f"/visits/{sample_books.token(999)}",
        "/x",
        "/tieouts/nothing",
        f"/remits/{'5b' * 32}-0",
        "/remits/1",
    ],
)
def test_what_is_not_there_is_said_in_a_page(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Nothing here" in answer.text


def test_what_no_database_can_hold_is_an_address_that_cannot_be_read(client: httpx.Client) -> None:
    answer = client.get("/months/2026%00/leaks/denied")
    assert answer.status_code == 422
    assert "cannot be read" in answer.text


def test_another_name_for_this_machine_is_refused(client: httpx.Client) -> None:
    assert client.get("/", headers={"host": "books.example"}).status_code == 400


def test_the_reader_can_neither_write_nor_see_other_schemas(marts: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), restricted(marts):
        marts.execute("create temporary table t (a int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), restricted(marts):
        marts.execute("select * from raw.visit")
    assert marts.execute("select current_user = session_user").fetchone() == (True,)


def test_the_file_that_stands_alone_needs_nothing_else(marts: psycopg.Connection) -> None:
    text = month.render(marts, None)
    names = set(re.findall(r'id="([^"]*)"', text))
    assert {link.removeprefix("#") for link in re.findall(r'href="([^"]*)"', text)} <= names
    assert names >= {row["category"] for row in sample_books.leaks()}
    assert "style-src 'sha256-" in text
    assert str(sample_books.token(130)) in text


def test_a_month_into_which_only_memos_were_posted_has_a_page(marts: psycopg.Connection) -> None:
    marts.execute(
        "insert into marts.month_summary (period, measure, amount_cents, count) values ('2027-01', 'memo_credit', 5, 1)"
    )
    assert "January 2027" in month.render(marts, "2027-01")


def test_evidence_is_escaped(marts: psycopg.Connection) -> None:
    marts.execute("""update marts.leaks set evidence = '{"why": "<b>&</b>"}'""")
    assert "<b>&</b>" not in month.render(marts, MONTH)


def test_evidence_in_lines_reads_as_lines(marts: psycopg.Connection) -> None:
    lines = '{"lines": [{"paid_on": "2026-09-15", "reason_code": "WO", "amount_cents": -80000}]}'
    marts.execute("update marts.leaks set evidence = %s", (lines,))
    assert "2026-09-15 WO \N{MINUS SIGN}$800.00" in month.render(marts, MONTH)


def test_every_listed_leak_category_has_a_guide() -> None:
    rules = re.findall(r"category in \(([^)]*)\)", (marts_tables.MODELS / "leaks" / "_models.yml").read_text())
    listed = re.findall(r"\w+", " ".join(rules))
    assert len(listed) == len(set(listed)) == 13
    assert all(guide(category).action for category in listed)


def test_books_that_were_never_reconciled_say_what_to_do(empty_client: httpx.Client) -> None:
    answer = empty_client.get("/")
    assert answer.status_code == 404
    assert "trueup reconcile" in answer.text


def test_a_database_that_is_away_is_said_in_a_page(lost_client: httpx.Client) -> None:
    answer = lost_client.get("/")
    assert answer.status_code == 503
    assert "The database is away" in answer.text
    assert "secret" not in answer.text


def test_a_practices_month_is_its_own_visits(client: httpx.Client) -> None:
    own = [visit for visit in sample_books.visits() if visit["practice_id"] == "practice-2"]
    found = steps(own)
    text = client.get(f"/months/{MONTH}/practices/practice-2").text
    for name in ("gross_patient_service_revenue", "net_patient_service_revenue", "outstanding", "contractual"):
        assert re.findall(rf'data-figure="revenue_waterfall.{name}">(?:<a[^>]*>)?([^<]*)<', text)[-1] == dollars(
            found[name]
        )
    assert "practice_id=practice-2" in text
    assert client.get(f"/months/{MONTH}/practices/nobody").status_code == 404


class Times:
    """Tells of every other day that the month in figures and the memos were what they are; nobody knows more."""

    def as_known(self, _connection: Connection, _reader: Reader, _day: date, _period: str | None) -> dict[str, str]:
        """Tell two marts of a day."""
        return {name: f"(select * from marts.{name})" for name in ("month_summary", "memos")}

    def as_closed(self, connection: Connection, _reader: Reader, _period: str, _version: int) -> dict[str, str]:
        """Tell every mart of a closing."""
        found = connection.execute("select table_name from information_schema.tables where table_schema = 'marts'")
        return {name: f"(select * from marts.{name})" for (name,) in found}

    def closings(self, _connection: Connection, _period: str) -> dict[int, date]:
        """Tell of two closings."""
        return {1: date(2026, 11, 2), 2: date(2026, 11, 3)}


def test_a_month_as_of_a_day_shows_what_is_known_and_says_what_is_not(books: Database, settings: Settings) -> None:
    with served(create_app(settings, books, Desk(times=Times()))) as address:
        text = httpx.get(f"{address}/months/{MONTH}", params={"as_of": "2026-10-31"}).text
    assert "as known at the end of 2026-10-31" in text
    assert 'data-figure="month_summary.pos_adjusted_revenue">' in text
    assert text.count("This cannot be told as of that time") == 6
    assert "as_of=2026-10-31" in re.findall(rf'href="(/months/{MONTH}/rows/[^"]*)"', text)[0]


def test_a_closed_month_says_so_and_leads_to_its_rows_as_they_were(books: Database, settings: Settings) -> None:
    with connect(books) as connection:
        connection.execute(
            "insert into marts.closed_months values (%s, 2, '2026-11-03 09:00+00', 'Ada Sample')", (MONTH,)
        )
    try:
        with served(create_app(settings, books, Desk(times=Times()))) as address:
            text = httpx.get(f"{address}/months/{MONTH}").text
            step = re.findall(r'data-figure="revenue_waterfall.contractual"><a[^>]*href="([^"]*)"', text)[0]
            rows = httpx.get(f"{address}{unescape(step)}").text
    finally:
        with connect(books) as connection:
            connection.execute("delete from marts.closed_months")
    assert "Closed on 2026-11-03 by Ada Sample, version 2" in text
    assert "version=2" in step
    assert "as closed, version 2" in rows
