"""Leaks at the portal's address: followed to their visits, taken up, dismissed; one worklist with the portal's own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import httpx
import pytest

from dashboards.money import dollars
from ledger.settings import Settings
from ledger.store.database import connect
from orchestration import serving
from portal_api import audit_chain, cookies
from portal_api.access import Role
from tests.dashboards import marts_tables, sample_books
from tests.support import screens
from tests.support.browsers import chromium
from tests.support.portals import CEDAR, HARBOR, SECRET_TEXT, filled, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database
    from tests.support.portals import Portal, Visitor

FINANCE = "finance@harbor.example"
BILLING = next(each.email for each in HARBOR.people if Role.BILLING in each.roles)
# The sample's first practice is Harbor, but for what it never billed, which is Cedar's.
OWNERS = """
update marts.{mart} set practice_id = case category when 'completed_not_billed' then 'prac_cedar' else 'prac_harbor' end
where practice_id is not null
"""


@pytest.fixture(name="portal", scope="module")
def _portal(template: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Yield the portal with the books of a sample month beside it, and a worklist that is read as it stands."""
    with filled(template, tmp_path_factory.mktemp("home")) as books:
        with contextlib.closing(connect(books, autocommit=True)) as connection:
            marts_tables.create(connection, sample_books.books())
            marts_tables.with_live_worklist(connection)
            for mart in ("leaks", "leak_sums"):
                connection.execute(OWNERS.format(mart=mart).encode())
            for mart in ("visit_revenue", "visit_story"):
                connection.execute(f"update marts.{mart} set practice_id = 'prac_harbor'".encode())
        settings = Settings(home=tmp_path_factory.mktemp("home"), database_url=books.url, portal_key=SECRET_TEXT)
        with served(settings, books, beside=lambda own: serving.with_books(own, settings, books)) as opened:
            yield opened


def leak_of(category: str, nth: int = 0) -> str:
    """Return the id of one of the sample's leaks of a category."""
    return str([leak["leak_id"] for leak in sample_books.leaks() if leak["category"] == category][nth])


def finance(portal: Portal) -> Visitor:
    """Return a browser of somebody in finance who sees all practices."""
    return portal.staff(Role.FINANCE, email=FINANCE)


def deeds(portal: Portal, leak_id: str) -> list[tuple[str, str | None, str]]:
    """Return what was done about a leak: deed, words, who."""
    with portal.at() as here:
        here.books.execute("set local role none")
        rows = here.books.execute(
            "select deed, said, made_by from ledger.worklist_entry join ledger.worklist using (item_id)"
            " where cause = %s order by ordinal",
            (leak_id,),
        ).fetchall()
        here.books.execute("set local role trueup_portal")
    return [(row[0], row[1], row[2]) for row in rows]


@pytest.mark.parametrize("width", [1280, 375])
def test_a_leak_is_followed_to_its_visit_assigned_noted_and_resolved(portal: Portal, width: int) -> None:
    visitor = finance(portal)
    denied = [leak for leak in sample_books.leaks() if leak["category"] == "denied"]
    address = f"http://{HARBOR.hosts[0]}:{httpx.URL(portal.address).port}"
    with chromium() as browser:
        context = browser.new_context(viewport={"width": width, "height": 900})
        names = (cookies.SESSION, cookies.BROWSER)
        context.add_cookies([{"name": each, "value": str(visitor.cookies.get(each)), "url": address} for each in names])
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))

        page.goto(f"{address}/books/leaks")
        screens.check(page, f"leaks-{width}")
        row = page.locator("tr", has=page.get_by_role("link", name="Denied", exact=True)).first
        at_stake = sum(leak["amount_cents"] or 0 for leak in denied)
        assert row.locator("[data-label='At stake']").inner_text().endswith(dollars(at_stake))
        page.get_by_role("link", name="Denied", exact=True).first.click()
        assert "Not deemed a medical necessity." in page.locator("main").inner_text()
        token = sample_books.token(150)
        page.locator(f"a[href='/books/visits/{token}']").focus()
        page.keyboard.press("Enter")

        assert page.locator("h1").inner_text() == str(token)
        story = page.locator(".story").inner_text()
        assert (
            story.index("Completed") < story.index("The primary payer denied the claim") < story.index("Seen to leak")
        )
        assert "CO-50" in story
        assert "debit denial" in story
        screens.check(page, f"visit-{width}")

        nth = 0 if width == 1280 else 1
        page.goto(f"{address}/books/leaks/{leak_of('denied', nth)}" if nth else page.url)
        page.get_by_text("Assign", exact=True).first.press("Enter")
        page.get_by_label("Who looks at it").select_option(BILLING)
        page.get_by_role("button", name="Assign").click()
        assert page.get_by_role("status").inner_text() == "The leak is given to them, and stands on the worklist."
        for summary, label, words, button in (
            ("Note", "What was tried or found out", "Appeal is written", "Keep the note"),
            ("Resolve", "How it ended", "Paid after appeal", "Resolve"),
        ):
            page.locator("summary", has_text=summary).press("Enter")
            page.get_by_label(label).fill(words)
            if summary == "Note":
                screens.check(page, f"leak-note-{width}")
            page.get_by_role("button", name=button).click()
        assert page.locator(".leak .tag").inner_text() == "resolved"
        if not nth:
            assert f"/visits/{token}" in page.url
        page.goto(f"{address}/books/leaks?work=resolved")
        assert page.locator("section[aria-labelledby=one-by-one] tbody th").count() == nth + 1
        assert said == []
        context.close()
    assert deeds(portal, leak_of("denied", nth)) == [
        ("opened", "denied", "trueup"),
        ("assigned", f"to {BILLING}", FINANCE),
        ("noted", "Appeal is written", FINANCE),
        ("resolved", "Paid after appeal", FINANCE),
    ]
    with portal.at() as here:
        audited = [row.entry.action for row in audit_chain.rows(here.db, here.practice.practice_id)]
    assert audited[-3:] == ["worklist.assigned", "worklist.noted", "worklist.resolved"]


def test_what_is_dismissed_stays_at_stake_and_stands_apart(portal: Portal) -> None:
    visitor, leak_id = finance(portal), leak_of("eft_missing")
    before = visitor.get("/books/leaks").text
    answer = visitor.submit(f"/books/leaks/{leak_id}/dismiss", reason="Paid by cheque")
    assert answer.headers["location"] == f"/books/leaks/{leak_id}?said=leak_dismissed"
    after = visitor.get("/books/leaks").text
    stake = "<dt>At stake</dt><dd>"
    assert after.split(stake)[1][:20] == before.split(stake)[1][:20]
    assert "Dismissed of these</dt><dd>$416.35" in after
    assert "Paid by cheque" in visitor.get(f"/books/leaks/{leak_id}").text
    assert visitor.submit(f"/books/leaks/{leak_id}/resolve", outcome="x").status_code == 409
    visitor.submit(f"/books/leaks/{leak_id}/reopen", reason="The cheque bounced")
    assert "Dismissed of these" not in visitor.get("/books/leaks").text
    assert [deed for deed, _, _ in deeds(portal, leak_id)] == ["opened", "dismissed", "opened"]


def test_the_portals_worklist_shows_the_same_row(portal: Portal) -> None:
    leak_id, billing = leak_of("pos_mismatch"), portal.staff(Role.BILLING)
    finance(portal).submit(f"/books/leaks/{leak_id}/assign", to=BILLING)
    page = billing.get("/staff/worklist", params={"kind": "pos_mismatch", "who": BILLING}).text
    (item,) = {part.split('"')[0] for part in page.split('href="/staff/worklist/')[1:] if part[0].isdigit()}
    billing.submit(f"/staff/worklist/{item}/note", note="Asked the provider")
    assert "Asked the provider" in finance(portal).get(f"/books/leaks/{leak_id}").text
    taken = billing.submit("/staff/worklist/take", kind="pos_mismatch", cause=leak_id)
    assert taken.headers["location"].startswith(f"/staff/worklist/{item}")


@pytest.mark.parametrize(
    ("role", "practice", "category", "status"),
    [
        (Role.BILLING, HARBOR, "duplicate_charge", 303),
        (Role.PRACTICE_ADMIN, CEDAR, "completed_not_billed", 303),
        (Role.PRACTICE_ADMIN, CEDAR, "duplicate_charge", 404),
        (Role.BILLING, HARBOR, "completed_not_billed", 404),
        (Role.BILLING, HARBOR, "orphan_charge", 404),
        (Role.FRONT_DESK, HARBOR, "duplicate_charge", 403),
        (Role.AUDITOR, HARBOR, "duplicate_charge", 403),
    ],
)
def test_who_does_something_about_a_leak(
    portal: Portal, role: Role, practice: object, category: str, status: int
) -> None:
    assert practice in {HARBOR, CEDAR}
    visitor = portal.staff(role, HARBOR if practice is HARBOR else CEDAR)
    leak_id = leak_of(category, 1 if category == "completed_not_billed" else 0)
    before = deeds(portal, leak_id)
    assert visitor.submit(f"/books/leaks/{leak_id}/note", note="Looked at it").status_code == status
    assert (deeds(portal, leak_id) != before) is (status == 303)
    seen = 200 if status == 303 or role == Role.AUDITOR else status
    assert visitor.get(f"/books/leaks/{leak_id}").status_code == seen


def test_a_claim_without_a_visit_has_one_row_whoever_takes_it_up_and_is_given_to_who_sees_it(portal: Portal) -> None:
    visitor, file = finance(portal), "ab" * 32
    with portal.at() as here:
        here.books.execute("set local role none")
        here.books.execute(
            "insert into marts.unmatched_remits (file_sha256, st_index, claim_index, why)"
            " values (%s, 0, 3, 'cut short')",
            (file,),
        )
        leak_id = here.books.execute(
            "insert into marts.leaks (leak_id, category, amount_cents, evidence, first_seen_on)"
            " values (md5(%s), 'orphan_remit', 8000, '{}', '2026-10-31') returning leak_id",
            (f"orphan_remit|{file}#0/3",),
        ).fetchone()[0]
        here.books.execute("set local role trueup_portal")
    page = f"/books/leaks/{leak_id}"
    assert FINANCE in visitor.get(page).text
    assert BILLING not in visitor.get(page).text  # works for the practice only
    assert visitor.submit(f"{page}/assign", to=BILLING).status_code == 422
    assert visitor.submit(f"{page}/assign", to=FINANCE).status_code == 303
    assert visitor.submit(f"{page}/note", note="Asked the payer").status_code == 303
    (row,) = visitor.get("/api/v1/worklist", params={"kind": "unmatched_remit"}).json()["items"]
    assert (row["cause"], row["why"], row["assignee"]) == (f"{file}#0/3", "cut short", FINANCE)
    assert "Asked the payer" in visitor.get(page).text


def test_a_form_of_nobodys_page_or_without_words_does_nothing(portal: Portal) -> None:
    visitor, leak_id = finance(portal), leak_of("orphan_charge")
    assert visitor.post(f"/books/leaks/{leak_id}/note", data={"note": "x"}).status_code == 403
    assert visitor.submit(f"/books/leaks/{leak_id}/note", note=" ").status_code == 400
    assert visitor.submit(f"/books/leaks/{leak_id}/note", note="x" * 501).status_code == 422
    assert visitor.submit(f"/books/leaks/{leak_id}/assign", to="somebody@else.example").status_code == 422
    assert deeds(portal, leak_id) == []
