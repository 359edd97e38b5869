"""Remits settled on a page: by whom, once, as the commands do it; and by keyboard in a real browser."""

from __future__ import annotations

import contextlib
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from ingestion import visit_ledger
from ingestion.era835.archive import Archive
from ingestion.era835.load import load
from ingestion.era835.matching import ClaimName
from ingestion.era835.settlement import Name, replace_by
from ledger.settings import Settings
from ledger.store.database import Database, connect
from orchestration import serving, settling
from orchestration.desk import remits as desk
from portal_api import audit_chain, cookies
from portal_api.access import Role
from tests.dashboards import marts_tables, sample_books
from tests.support.browsers import chromium
from tests.support.feed_files import visit, write_csv
from tests.support.portals import HARBOR, SECRET_TEXT, filled, served
from tests.support.remittance_writer import Claim, Payment, interchange
from tests.support.screens import check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg
    from playwright.sync_api import Browser, Page

    from tests.support.portals import Portal, Visitor

WHY = "The payer confirmed it, call of 3 November"
TOKEN = visit(1)["visit_token"]
STRAY = Claim(ref="NOBODYS", charge=15000, paid=8000, payer_number="ICN7", adjustments=(("CO", "45", 7000),))
SENT = {
    "held": Payment("TRACE9", (Claim(ref="CLAIM0002"),), amount=10396),
    "off": Payment("TRACE8", (Claim(ref="CLAIM0003"),), amount=10001),
    "right": Payment("TRACE8", (Claim(ref="CLAIM0003", paid=10001, charge=10001),)),
    "stray": Payment("TRACE7", (STRAY,)),
}
TIE_COLUMNS = (
    "file_sha256, st_index, trn_number, payer_name, paid_on, bpr_cents, claims_cents, provider_adjustments_cents,"
    " residual_cents"
)


@pytest.fixture
def books(template: Database, tmp_path: Path) -> Iterator[Database]:
    """Yield the sample practices, three visits and four remits, with the marts that a reconcile makes of them."""
    with filled(template, tmp_path) as made:
        with contextlib.closing(connect(made)) as connection:
            visit_ledger.load(connection, write_csv(tmp_path / "visits.csv", [visit(1), visit(2), visit(3)]))
            for name, payment in SENT.items():
                (tmp_path / name).write_bytes(interchange((payment,)))
                list(load(connection, tmp_path / name, Archive(tmp_path / "archive", bytes(32))))
            marts_tables.create(connection, {"visit_revenue": [_visit()]})
            marts_tables.with_live_worklist(connection)
            _tie_out(connection)
            connection.commit()
        yield made


def _visit() -> dict[str, object]:
    sample = sample_books.visits()[0]
    return sample | {"visit_token": TOKEN, "charge_cents": 15000, "ended_on": date(2026, 9, 1), "practice_id": "north"}


def _tie_out(connection: psycopg.Connection) -> None:
    connection.execute(
        f"insert into marts.era_tieout ({TIE_COLUMNS}, verdict)"
        f" select {TIE_COLUMNS}, verdict from raw.era_transaction".encode()
    )
    connection.execute(
        "insert into marts.unmatched_remits (file_sha256, st_index, claim_index, claim_ref, paid_cents, charge_cents,"
        " payer_name, trn_number, paid_on, service_from, payer_claim_number, why)"
        " select claim.file_sha256, claim.st_index, claim_index, claim_ref, paid_cents, charge_cents, payer_name,"
        " trn_number, paid_on, service_from, payer_claim_number, 'no visit has the reference'"
        " from raw.era_claim as claim join raw.era_transaction using (file_sha256, st_index)"
        " where claim_ref = 'NOBODYS'"
    )


@pytest.fixture
def portal(books: Database, tmp_path: Path) -> Iterator[Portal]:
    """Yield the portal with the books beside it, served."""
    settings = Settings(home=tmp_path, database_url=books.url, portal_key=SECRET_TEXT)
    with served(settings, books, beside=lambda own: serving.with_books(own, settings, books)) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield a real browser."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def page(browser: Browser, portal: Portal) -> Iterator[Page]:
    """Yield a page where finance of all practices is signed in; it fails the test when the browser complains."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    said: list[str] = []
    page.set_default_timeout(10_000)
    page.on("console", lambda message: said.append(message.text))
    visitor, url = finance(portal), _home(portal)
    names = (cookies.SESSION, cookies.BROWSER)
    page.context.add_cookies([{"name": name, "value": visitor.cookies[name], "url": url} for name in names])
    yield page
    page.context.close()
    assert [each for each in said if "409 (Conflict)" not in each] == []


def _home(portal: Portal) -> str:
    return f"http://{HARBOR.hosts[0]}:{urlsplit(portal.address).port}"


def named(books: Database, trace: str, verdict: str) -> Name:
    """Return the remit of a trace number with a verdict."""
    with contextlib.closing(connect(books)) as connection:
        query = "select file_sha256, st_index from raw.era_transaction where trn_number = %s and verdict = %s"
        ((file_sha256, st_index),) = connection.execute(query, (trace, verdict)).fetchall()
    return Name(file_sha256, st_index)


def at(remit: Name, deed: str = "") -> str:
    """Return the address of a remit's page, or of a deed on it."""
    return f"/books/remits/{remit.file_sha256}-{remit.st_index}{deed}"


def kept(books: Database) -> list[tuple[object, ...]]:
    """Return what was settled: what, by whom and why."""
    with contextlib.closing(connect(books)) as connection:
        return connection.execute(
            "select action, settled_by, why from raw.era_settlement"
            " union all select 'match ' || visit_token, settled_by, why from raw.era_match order by 1"
        ).fetchall()


def audited(portal: Portal) -> list[tuple[str, str]]:
    """Return the deeds on remits that stand in Harbor's audit."""
    with portal.at() as here:
        rows = audit_chain.rows(here.db, here.practice.practice_id)
        return [
            (row.entry.action, row.entry.subject) for row in rows if row.entry.action.startswith(("remit", "claim"))
        ]


def test_a_held_remit_is_released_by_keyboard_after_a_reason_and_only_once(
    page: Page, portal: Portal, books: Database
) -> None:
    held = named(books, "TRACE9", "held")
    page.goto(f"{_home(portal)}/books/remits")
    check(page, "books-remits")
    page.get_by_role("link", name=str(held)).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/remits/*-0")
    check(page, "books-remit-held")
    page.get_by_role("link", name="Release it").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/release")
    check(page, "books-remit-release")
    assert "This cannot be taken back" in page.locator("main").inner_text()
    page.get_by_label("Why").focus()
    page.keyboard.type(WHY)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=remit_released")
    text = page.locator("main").inner_text()
    assert "It is released. The next reconcile posts it." in text
    assert "released, by Tomas Lind on 20" in text
    assert page.get_by_role("link", name="Release it").count() == 0
    check(page, "books-remit-released")
    page.go_back()
    page.get_by_label("Why").fill("Once more")
    page.get_by_role("button", name="Release it").click()
    page.wait_for_url("**said=settled_before")
    assert kept(books) == [("release", "Tomas Lind", WHY)]
    assert audited(portal)[0] == ("remit.released", f"remit/{held}")


def test_a_claim_is_matched_after_a_wrong_token_by_our_reference(page: Page, portal: Portal, books: Database) -> None:
    stray = named(books, "TRACE7", "posted")
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(f"{_home(portal)}/books/remits")
    page.get_by_role("link", name="Match claim NOBODYS to a visit").click()
    page.get_by_label("Visit token").fill("00000000-0000-4000-8000-00000000dead")
    page.get_by_role("button", name="Look it up").click()
    assert "The visit ledger has no visit of this token" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("button", name="Match it to this visit").count() == 0
    page.get_by_label("Visit token").fill("claim-0001")
    page.get_by_role("button", name="Look it up").click()
    assert TOKEN in page.locator("main").inner_text()
    check(page, "books-match")
    page.get_by_label("Why").fill(WHY)
    page.get_by_role("button", name="Match it to this visit").click()
    page.wait_for_url("**said=claim_matched")
    assert f"matched to visit {TOKEN}, by Tomas Lind" in page.locator("main").inner_text()
    assert kept(books) == [(f"match {TOKEN}", "Tomas Lind", WHY)]
    assert audited(portal) == [("claim.matched", f"claim/{stray}/0")]


def test_another_remit_takes_the_place(page: Page, portal: Portal, books: Database) -> None:
    off, right = named(books, "TRACE8", "held"), named(books, "TRACE8", "posted")
    page.goto(f"{_home(portal)}{at(off, '/replace')}")
    check(page, "books-remit-replace")
    page.get_by_label(str(right)).check()
    page.get_by_label("Why").fill(WHY)
    page.get_by_role("button", name="Let it take the place").click()
    page.wait_for_url("**said=remit_replaced")
    assert f"replaced by {right}" in page.locator("main").inner_text()
    assert kept(books) == [("replace", "Tomas Lind", WHY)]


def test_who_has_a_remit_stands_on_its_page_and_the_row_ends_with_the_deed(
    page: Page, portal: Portal, books: Database
) -> None:
    held, stray = named(books, "TRACE9", "held"), named(books, "TRACE7", "posted")
    page.goto(f"{_home(portal)}{at(held)}")
    page.get_by_role("button", name=f"Take up {held}").click()
    page.wait_for_url("**/staff/worklist/*said=taken_up")
    page.get_by_label("What was tried or found out").fill("Asked the payer")
    page.get_by_role("button", name="Write it down").click()
    check(page, "worklist-held-remit")
    page.get_by_role("link", name="In the books").click()
    page.wait_for_url(f"**{at(held)}")
    text = page.locator("main").inner_text()
    assert "finance@harbor.example" in text
    assert "Asked the payer" in text
    check(page, "books-remit-taken")
    page.goto(f"{_home(portal)}/books/remits")
    check(page, "books-remits-taken")
    assert "Asked the payer" in page.locator("section[aria-labelledby=held]").inner_text()
    page.get_by_role("button", name=f"Take up {stray}/0").click()
    page.get_by_role("link", name="In the books").click()
    page.wait_for_url(f"**{at(stray)}#claim-0")
    assert page.get_by_role("link", name="of the worklist").count() == 1
    reader = finance(portal)
    assert reader.submit(at(held, "/release"), why=WHY).status_code == 303
    assert reader.submit(at(stray, "/claims/0/match"), visit=TOKEN, why=WHY).status_code == 303
    off, right = named(books, "TRACE8", "held"), named(books, "TRACE8", "posted")
    assert waiting(portal) == {("held_remit", f"{off.file_sha256}#0", None)}
    ended = {
        each["cause"]: (each["state"], each["said"])
        for each in reader.get("/api/v1/worklist", params={"resolved": "true"}).json()["items"]
    }
    assert ended == {
        f"{held.file_sha256}#0": ("resolved", f"released: {WHY}"),
        f"{stray.file_sha256}#0/0": ("resolved", f"matched to visit {TOKEN}: {WHY}"),
    }
    assert f"released: {WHY}" in reader.get(at(held)).text
    with contextlib.closing(connect(books)) as connection:
        claim = ClaimName(*stray, 0)
        settling.match(connection, claim, None, "It was another", "ada", instead_of=TOKEN)
        settling.replace(connection, off, right, WHY, "ada")
    assert waiting(portal) == {("unmatched_remit", f"{stray.file_sha256}#0/0", "matched to no visit: It was another")}


def waiting(portal: Portal) -> set[tuple[str, str, str]]:
    """Return what waits on the worklist of who works for all: kind, cause and what was said last."""
    items = finance(portal).get("/api/v1/worklist").json()["items"]
    return {
        (each["kind"], each["cause"], each["said"])
        for each in items
        if each["kind"] in {"held_remit", "unmatched_remit"}
    }


def finance(portal: Portal) -> Visitor:
    """Return a browser without scripts of finance of all practices."""
    return portal.staff(Role.FINANCE, email="finance@harbor.example")


def test_what_somebody_else_settled_meanwhile_is_said_and_nothing_done(portal: Portal, books: Database) -> None:
    off, right = named(books, "TRACE8", "held"), named(books, "TRACE8", "posted")
    reader = finance(portal)
    assert reader.get(at(off, "/release")).status_code == 200
    with contextlib.closing(connect(books)) as connection:
        replace_by(connection, off, right, "Cut off", "ben")
        connection.commit()
    answer = reader.submit(at(off, "/release"), why=WHY)
    assert answer.status_code == 409
    assert f"{off} was replaced by {right} on 20" in answer.text
    assert "Nothing was done." in answer.text
    assert kept(books) == [("replace", "ben", "Cut off")]
    assert audited(portal) == []


def test_a_page_does_not_wait_for_a_reconcile(portal: Portal, books: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "PATIENCE", "50ms")
    held = named(books, "TRACE9", "held")
    with contextlib.closing(connect(books)) as other:
        other.execute("select pg_advisory_xact_lock_shared(hashtextextended('trueup.load', 0))")
        answer = finance(portal).submit(at(held, "/release"), why=WHY)
    assert (answer.status_code, "A load or a reconcile is under way" in answer.text) == (409, True)
    assert kept(books) == []


@pytest.mark.parametrize("role", [Role.BILLING, Role.PRACTICE_ADMIN, Role.AUDITOR])
def test_only_billing_and_finance_of_all_practices_settle(portal: Portal, books: Database, role: Role) -> None:
    reader, held = portal.staff(role), named(books, "TRACE9", "held")
    for path in (at(held, "/release"), at(held, "/replace"), at(named(books, "TRACE7", "posted"), "/claims/0/match")):
        assert reader.get(path).status_code == 403
        assert reader.submit(path, why=WHY, visit=TOKEN, other=f"{held.file_sha256}#0").status_code == 403
    assert kept(books) == []


def test_a_deed_needs_a_reason_a_form_of_ours_and_a_remit(portal: Portal, books: Database) -> None:
    reader, held = finance(portal), named(books, "TRACE9", "held")
    assert reader.submit(at(held, "/release"), why="  ").status_code == 400
    assert reader.post(at(held, "/release"), data={"why": WHY}).status_code == 403
    assert reader.submit(at(held, "/replace"), why=WHY, other="x").status_code == 404
    assert reader.submit(at(held, "/replace"), why=WHY, other=f"{'0' * 64}#0").status_code == 409
    assert reader.submit(at(Name("0" * 64, 0), "/release"), why=WHY).status_code in {404, 409}
    assert kept(books) == []
