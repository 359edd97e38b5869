"""The books at the portal's address: who is let in, whose rows they see, and what nobody gets another to do."""

from __future__ import annotations

import contextlib
import csv
import html
import io
import itertools
import re
from typing import TYPE_CHECKING

import pytest

from dashboards.money import dollars
from ledger.settings import Settings
from ledger.store.database import connect
from orchestration import exports, published, serving
from portal_api import audit_chain, cookies
from portal_api.access import Role
from tests.dashboards import marts_tables, operating_books, sample_books
from tests.support.portals import CEDAR, HARBOR, SECRET_TEXT, filled, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database
    from tests.support.portals import Portal, Visitor

MONTH = sample_books.MONTH
LEAKS = f"/books/months/{MONTH}/leaks"
# Whose the sample's practices are.
OURS = {"practice-1": HARBOR, "practice-2": CEDAR}

OF_PRACTICES = """
select table_name from information_schema.columns where table_schema = 'marts' and column_name = 'practice_id'
"""
# Visits and memos as raw and the ledger have them, for what was known on a day; whose they are.
THEN = {sample_books.token(900): "prac_harbor", sample_books.token(901): "prac_cedar"}
A_DAY = "2026-10-15"
MOST_PAGES = 150
KIND = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+")
VISIT = """
insert into raw.visit (
    visit_token, practice_id, provider_id, state, service_code, units, place_of_service, scheduled_start, scheduled_end,
    charge_cents, state_changed_at, row_sha256, file_sha256, row_number, load_id, recorded_at
)
values (
    %s, %s, 'p', 'completed', '99213', 1, '10', '2026-10-01 09:00+00', '2026-10-01 10:00+00', 100, '2026-10-01', 'r',
    'f', 1, 1, '2026-10-02'
)
"""
MEMO = """
insert into ledger.memos (
    memo_id, visit_token, ordinal, kind, amount_cents, reason, caused_by, origin_period, period, as_of, issued_at
)
values (
    ledger.memo_id(%(token)s, 1), %(token)s, 1, 'debit', 100, 'visit_state', 'x', '2026-10', '2026-10', '2026-10-15',
    '2026-10-15 12:00+00'
)
"""


@pytest.fixture(scope="module")
def books(template: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Yield a database with the sample practices and a sample month, of which each has visits."""
    with filled(template, tmp_path_factory.mktemp("home")) as made:
        with contextlib.closing(connect(made, autocommit=True)) as connection:
            marts_tables.create(connection, sample_books.books() | operating_books.books())
            marts_tables.create_codes(connection)
            for token, practice in THEN.items():
                connection.execute(VISIT, (token, practice))
                connection.execute(MEMO, {"token": token})
            marts = connection.execute(OF_PRACTICES).fetchall()
            for (mart,), (theirs, ours) in itertools.product(marts, OURS.items()):
                connection.execute(
                    f"update marts.{mart} set practice_id = %s where practice_id = %s",
                    (ours.practice.practice_id, theirs),
                )
            for theirs, ours in OURS.items():
                for mart in ("practice_months", "provider_months", "practice_ageing"):
                    connection.execute(
                        f"update marts.{mart} set practice_id = %s where practice_id = %s",
                        (ours.practice.practice_id, theirs),
                    )
            for mart in ("leaks", "memos"):
                connection.execute(
                    f"update marts.{mart} as own set practice_id = visits.practice_id"
                    " from marts.visit_revenue as visits where visits.visit_token = own.visit_token"
                )
        yield made


@pytest.fixture(scope="module")
def portal(books: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Yield the portal with the books beside it, served."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), database_url=books.url, portal_key=SECRET_TEXT)
    with served(settings, books, beside=lambda own: serving.with_books(own, settings, books)) as opened:
        yield opened


def finance(portal: Portal) -> Visitor:
    """Return a browser of somebody in finance who sees all practices."""
    return portal.staff(Role.FINANCE, email="finance@harbor.example")


def visits_of(books: Database, practice_id: str) -> set[str]:
    """Return the tokens of a practice's visits."""
    with contextlib.closing(connect(books)) as connection:
        found = connection.execute("select visit_token from marts.visit_revenue where practice_id = %s", (practice_id,))
        return {str(token) for (token,) in found}


def audited(portal: Portal) -> list[tuple[str, str]]:
    """Return what stands in Harbor's audit, as pairs of action and subject."""
    with portal.at() as here:
        return [(row.entry.action, row.entry.subject) for row in audit_chain.rows(here.db, here.practice.practice_id)]


def test_nobody_reads_without_signing_in_and_the_way_leads_back(portal: Portal) -> None:
    stranger = portal.visitor()
    answer = stranger.get("/books/memos", params={"part": 2})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/staff/sign-in?next=%2Fbooks%2Fmemos%3Fpart%3D2"
    assert 'name="next" value="/books/memos?part=2"' in stranger.get(answer.headers["location"]).text


@pytest.mark.parametrize("role", [Role.PROVIDER, Role.FRONT_DESK])
def test_staff_without_a_role_of_the_books_are_refused_and_that_is_recorded(portal: Portal, role: Role) -> None:
    answer = portal.staff(role).get("/books/memos")
    assert answer.status_code == 403
    assert "The books are for billing, finance" in answer.text
    assert "/books/memos" not in answer.text
    assert audited(portal)[-1] == ("access.refused", "route/GET books")


def test_a_patient_has_no_way_in(portal: Portal) -> None:
    assert portal.patient().get("/books/").status_code == 303


def test_finance_of_all_practices_reads_every_page(portal: Portal, books: Database) -> None:
    reader = finance(portal)
    for path in ("/books/", f"/books/months/{MONTH}", f"{LEAKS}/denied", "/books/memos", "/books/tieouts"):
        answer = reader.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert not re.search(r"<script|style=|\son\w+=|https?://", answer.text)
        links = re.findall(r'(?:href|src|action)="([^"#][^"]*)"', answer.text)
        assert links
        assert [link for link in links if not link.startswith("/books/")] == ["/sign-out", "/staff"], path
        assert reader.get("/books/static/trueup.css").status_code == 200
    for practice in OURS.values():
        token = min(visits_of(books, practice.practice.practice_id))
        assert reader.get(f"/books/visits/{token}").status_code == 200


@pytest.mark.parametrize("role", [Role.BILLING, Role.PRACTICE_ADMIN])
def test_who_sees_one_practice_sees_its_rows_on_every_page_and_no_others(
    portal: Portal, books: Database, role: Role
) -> None:
    reader = portal.staff(role)
    own = visits_of(books, "prac_harbor")
    shown: set[str] = set()
    for category in {row["category"] for row in sample_books.leaks()}:
        answer = reader.get(f"{LEAKS}/{category}")
        assert answer.status_code in {200, 404}
        shown |= set(re.findall(r"/books/visits/([0-9a-f-]{36})", answer.text))
    for part in (1, 2):
        shown |= set(re.findall(r"/books/visits/([0-9a-f-]{36})", reader.get(f"/books/memos?part={part}").text))
    assert shown
    assert shown <= own
    assert reader.get(f"/books/visits/{min(own)}").status_code == 200
    assert reader.get(f"/books/visits/{min(visits_of(books, 'prac_cedar'))}").status_code == 404


def test_who_sees_one_practice_sees_its_month_and_the_rows_of_that(portal: Portal, books: Database) -> None:
    reader = portal.staff(Role.BILLING)
    for path in ("/books/", f"/books/months/{MONTH}"):
        month = reader.get(path).text
        earned = re.search(r'data-figure="revenue_waterfall.net_patient_service_revenue"><a[^>]*>([^<]*)<', month)
        with contextlib.closing(connect(books)) as connection:
            (cents,) = connection.execute(
                "select sum(gross_revenue_cents - contractual_cents - sequestration_cents - denied_cents"
                " - other_adjustment_cents - price_concession_cents + missed_visit_fee_cents)::bigint"
                " from marts.visit_revenue where practice_id = 'prac_harbor'"
            ).fetchone() or (None,)
        assert earned
        assert earned[1] == dollars(cents)
    for asked in ("", "?practice_id=prac_cedar", "?adds=patient_balance_cents"):
        rows = reader.get(f"/books/months/{MONTH}/rows/visit_revenue{asked}").text
        assert set(re.findall(r"/books/visits/([0-9a-f-]{36})", rows)) <= visits_of(books, "prac_harbor")
    assert reader.get(f"/books/months/{MONTH}/rows/revenue_waterfall").status_code == 404


def test_pages_over_all_practices_are_refused_to_who_sees_one(portal: Portal) -> None:
    reader = portal.staff(Role.BILLING)
    for path in (f"/books/months/{MONTH}/practices/prac_harbor", "/books/tieouts"):
        assert reader.get(path).status_code == 403, path
    assert audited(portal)[-1] == ("access.refused", "route/GET /tieouts")


def test_every_page_is_told_as_of_a_day_or_says_that_it_cannot(portal: Portal) -> None:
    reader, then = finance(portal), {"as_of": A_DAY}
    memos = reader.get("/books/memos", params=then).text
    assert f"as known at the end of {A_DAY}" in memos
    assert {token for token in THEN if str(token) in memos} == set(THEN)
    assert f'href="/books/tieouts?as_of={A_DAY}"' in memos
    assert str(min(THEN)) not in reader.get("/books/memos", params={"as_of": "2026-10-14"}).text
    for path in (f"{LEAKS}/denied", "/books/tieouts", f"/books/visits/{sample_books.token(0)}"):
        answer = reader.get(path, params=then)
        assert answer.status_code == 404, path
        assert "Not known as of that time" in answer.text
    for wrong, status in (("2099-01-01", 400), ("yesterday", 400)):
        assert reader.get("/books/memos", params={"as_of": wrong}).status_code == status
    assert reader.get(f"/books/months/{MONTH}", params={"version": 1}).status_code == 404
    assert reader.get("/books/memos", params={"version": 1}).status_code == 404


def test_as_of_a_day_too_practices_are_kept_apart(portal: Portal) -> None:
    memos = portal.staff(Role.BILLING).get("/books/memos", params={"as_of": A_DAY}).text
    assert {practice for token, practice in THEN.items() if str(token) in memos} == {"prac_harbor"}


def test_two_times_of_a_month_are_put_side_by_side(portal: Portal) -> None:
    asked = {"period": "2026-10", "left": "2026-10-14", "right": A_DAY}
    text = finance(portal).get("/books/compare", params=asked).text
    assert "as known at the end of 2026-10-14 and as known at the end of 2026-10-15" in text
    assert "memo debit" in text
    assert "$2.00" in text
    assert portal.staff(Role.BILLING).get("/books/compare", params=asked).status_code == 403


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet", "json"])
def test_a_table_comes_as_the_command_line_exports_it_and_the_audit_says_so(
    portal: Portal, books: Database, form: str
) -> None:
    answer = finance(portal).get(f"/books/exports/visit_revenue.{form}")
    assert answer.status_code == 200
    with contextlib.closing(connect(books)) as connection:
        sink = io.BytesIO()
        count = exports.FORMATS[form](connection, published.tables(connection)["visit_revenue"], sink)
    assert answer.content == sink.getvalue()
    assert answer.headers["content-disposition"] == f'attachment; filename="visit_revenue.{form}"'
    assert answer.headers["cache-control"] == "no-store"
    assert audited(portal)[-1] == ("books.exported", f"table/visit_revenue.{form} rows={count}")


def test_no_page_that_is_there_shows_who_sees_one_practice_another(portal: Portal, books: Database) -> None:
    whole, reader = finance(portal), portal.staff(Role.BILLING)
    theirs = {"prac_cedar", CEDAR.practice.name, *visits_of(books, "prac_cedar")}
    waiting, seen, shown = ["/books/"], set[str](), 0
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        seen.add(path)
        answer, text = reader.get(path), whole.get(path).text
        assert answer.status_code in {200, 303, 403, 404}, path
        # A page may say again what its address says.
        assert not [word for word in theirs if word in answer.text and word not in path], path
        shown += any(word in text for word in theirs)
        links = {html.unescape(link) for link in re.findall(r'href="(/books/[^"#]*)"', text)}
        # One link of each kind, and what differs in nothing but numbers is of one kind.
        kinds = {KIND.sub("#", known) for known in (*seen, *waiting)}
        for link in sorted(links):
            # A file is the same file whatever it is cut by.
            if (kind := KIND.sub("#", link.partition("?")[0] if "/exports/" in link else link)) not in kinds and (
                "/static/" not in link
            ):
                kinds.add(kind)
                waiting.append(link)
    assert len(seen) > 15
    assert shown > 3


def test_an_export_keeps_month_day_and_practice(portal: Portal, books: Database) -> None:
    asked = {"period": "2026-10", "as_of": A_DAY}
    answer = finance(portal).get("/books/exports/memos.csv", params=asked)
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert {row["visit_token"] for row in rows} == {str(token) for token in THEN}
    assert answer.headers["content-disposition"] == f'attachment; filename="memos-2026-10-{A_DAY}.csv"'
    assert audited(portal)[-1] == ("books.exported", f"table/memos.csv period=2026-10 as_of={A_DAY} rows=2")
    own = portal.staff(Role.BILLING)
    rows = list(csv.DictReader(own.get("/books/exports/memos.csv", params=asked).text.splitlines()))
    assert [row["practice_id"] for row in rows] == ["prac_harbor"]
    rows = list(csv.DictReader(own.get("/books/exports/visit_revenue.csv").text.splitlines()))
    assert {row["visit_token"] for row in rows} == visits_of(books, "prac_harbor")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("month_summary.csv", 403),
        ("leaks.csv?as_of=2026-10-15", 404),
        ("nothing.csv", 404),
        ("leaks.exe", 404),
        ("pg_class.csv", 404),
        ("memos;select.csv", 404),
        ('memos.csv?period=2026-10"%0d%0ax:y', 404),
    ],
)
def test_what_is_not_theirs_or_not_there_is_no_file(portal: Portal, path: str, status: int) -> None:
    assert portal.staff(Role.BILLING).get(f"/books/exports/{path}").status_code == status


def test_every_table_of_a_page_has_its_files(portal: Portal) -> None:
    reader = finance(portal)
    for path in (f"/books/months/{MONTH}", f"{LEAKS}/denied", "/books/memos", "/books/tieouts"):
        links = re.findall(r'href="(/books/exports/[^"]+)"', reader.get(path).text)
        assert len(links) >= 3
        for link in links:
            assert reader.get(html.unescape(link)).status_code == 200, link


def test_an_auditor_reads_the_books_of_all_and_no_patient(portal: Portal) -> None:
    auditor = portal.staff(Role.AUDITOR)
    assert auditor.get(f"/books/months/{MONTH}").status_code == 200
    assert auditor.get("/staff").status_code == 200
    assert 'href="/books/"' in auditor.get("/staff").text
    for path in ("/staff/day", "/staff/worklist", "/staff/people", "/messages", "/staff/hours"):
        assert auditor.get(path).status_code == 403, path


def test_the_portal_leads_to_the_books_who_may_read_them(portal: Portal) -> None:
    for role in (Role.BILLING, Role.FINANCE, Role.PRACTICE_ADMIN):
        assert 'href="/books/"' in portal.staff(role).get("/staff").text
    for role in (Role.PROVIDER, Role.FRONT_DESK):
        assert 'href="/books/"' not in portal.staff(role).get("/staff").text


def test_the_books_are_at_the_practices_own_names_alone(portal: Portal) -> None:
    reader = finance(portal)
    assert reader.get("/books/memos", headers={"Host": "books.evil.example"}).status_code == 404


def test_a_session_that_ended_reads_no_more(portal: Portal) -> None:
    reader = finance(portal)
    assert reader.get("/books/memos").status_code == 200
    reader.cookies.delete(cookies.SESSION)
    assert reader.get("/books/memos").status_code == 303


def test_the_rest_of_the_address_is_the_portals(portal: Portal) -> None:
    assert portal.visitor().get("/health").json() == {"status": "ok"}
    assert portal.visitor().get("/bookshelf").status_code == 404
    assert portal.visitor().get("/staff/sign-in").status_code == 200


def test_an_admin_sees_how_their_own_practice_works_and_no_other(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    own = admin.get("/books/practice")
    assert own.status_code == 200
    assert "Practice prac_harbor" in own.text
    assert "prac_cedar" not in own.text
    assert 'href="/books/practice"' in own.text
    assert admin.get("/books/practice/2026-10", params={"practice": "prac_cedar"}).status_code == 404
    others = finance(portal).get("/books/practice", params={"practice": "prac_cedar"})
    assert "Practice prac_cedar" in others.text
    assert 'href="/books/practice?practice=prac_harbor"' in others.text


def test_feeds_and_runs_are_for_finance_of_all_practices_and_auditors(portal: Portal) -> None:
    for path in ("/books/data", "/books/data/files", "/books/data/partitions/visits"):
        assert finance(portal).get(path).status_code == 200
        assert portal.staff(Role.PRACTICE_ADMIN).get(path).status_code == 403
