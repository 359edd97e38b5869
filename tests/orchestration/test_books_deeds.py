"""What stands before every deed on the pages: who may, whose form it is, and that it is done now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import httpx
import pytest
from fastapi import APIRouter

from dashboards.door import acting
from dashboards.here import Here  # noqa: TC001 - FastAPI reads the annotations
from ledger.settings import Settings
from orchestration import serving
from portal_api import audit_chain
from portal_api.access import Role
from tests.dashboards import conftest
from tests.support.portals import SECRET_TEXT, filled, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from ledger.store.database import Database
    from tests.support.portals import Portal, Visitor

FINANCE = "finance@harbor.example"
OF_ALL, OF_OWN = "/books/deeds/of-all", "/books/deeds/of-own"
deeds = APIRouter(prefix="/deeds")


@deeds.post("/of-all")
def on_all(here: Annotated[Here, acting("finance", on_all=True)]) -> str:
    """Stand for a deed on the whole books."""
    assert here.desk.staff
    here.desk.staff.record(here.reader, "books.tried", f"why/{here.given('why')}")
    return f"done by {here.reader.name}"


@deeds.post("/of-own")
def on_own(here: Annotated[Here, acting("finance", "billing")]) -> str:
    """Stand for a deed on one's own practice."""
    return f"done at {here.reader.practice_id}"


@pytest.fixture(scope="module")
def portal(template: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Yield the portal, and beside it books on whose pages two deeds can be done."""
    home = tmp_path_factory.mktemp("home")
    with filled(template, home) as database:
        settings = Settings(home=home, database_url=database.url, portal_key=SECRET_TEXT)

        def beside(own: FastAPI) -> serving.OneOrigin:
            both = serving.with_books(own, settings, database)
            both.books.include_router(deeds)
            return both

        with served(settings, database, beside=beside) as opened:
            yield opened


def newest(portal: Portal) -> tuple[str, str, str]:
    """Return who did what to what last, by the audit of Harbor."""
    with portal.at() as here:
        rows = [row.entry for row in audit_chain.rows(here.db, here.practice.practice_id)]
    return (str(rows[-1].actor_id), rows[-1].action, rows[-1].subject) if rows else ("", "", "")


def finance(portal: Portal) -> Visitor:
    """Return a browser of somebody in finance who sees all practices."""
    return portal.staff(Role.FINANCE, email=FINANCE)


def test_who_may_does_it_and_the_audit_says_who(portal: Portal) -> None:
    answer = finance(portal).submit(OF_ALL, why="found it")
    assert (answer.status_code, answer.text) == (200, "done by Tomas Lind")
    who, action, subject = newest(portal)
    with portal.at() as here:
        actor = here.db.exec_driver_sql("select email from portal.staff where id = %s", (who,)).scalar_one()
    assert (actor, action, subject) == (FINANCE, "books.tried", "why/found it")
    assert portal.staff(Role.BILLING).submit(OF_OWN).text == "done at prac_harbor"


@pytest.mark.parametrize(
    ("role", "email", "path"),
    [
        (Role.AUDITOR, "", OF_ALL),
        (Role.AUDITOR, "", OF_OWN),
        (Role.BILLING, "", OF_ALL),
        (Role.PRACTICE_ADMIN, "", OF_OWN),
        (Role.FRONT_DESK, "", OF_OWN),
    ],
)
def test_who_may_not_is_refused_and_that_is_recorded(portal: Portal, role: Role, email: str, path: str) -> None:
    before = newest(portal)
    assert portal.staff(role, email=email).submit(path, why="x").status_code == 403
    assert newest(portal) != before
    assert newest(portal)[1] == "access.refused"


def test_a_form_that_is_not_of_a_page_of_theirs_does_nothing(portal: Portal) -> None:
    browser, before = finance(portal), newest(portal)
    assert browser.post(OF_ALL, data={"why": "x"}).status_code == 403
    assert browser.post(OF_ALL, data={"why": "x", "csrf": portal.visitor().csrf}).status_code == 403
    assert browser.post(OF_ALL).status_code == 403
    for header in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}):
        form = {"why": "x", "csrf": browser.csrf}
        assert browser.post(OF_ALL, data=form, headers=header).status_code == 403, header
    assert portal.visitor().submit(OF_ALL, why="x").status_code == 303
    assert newest(portal) == before


def test_a_deed_has_its_reason_and_is_done_now(portal: Portal) -> None:
    browser = finance(portal)
    assert browser.submit(OF_ALL, why="  ").status_code == 400
    refused = browser.submit(f"{OF_ALL}?as_of=2026-10-15", why="x")
    assert (refused.status_code, "cannot be changed" in refused.text) == (403, True)
    assert newest(portal)[1] == "access.refused"


def test_nobody_acts_on_the_pages_of_this_machine(template: Database, tmp_path: Path) -> None:
    app = serving.for_this_machine(Settings(home=tmp_path, database_url=template.url), template)
    app.include_router(deeds)
    with conftest.served(app) as address:
        refused = httpx.post(f"{address}/deeds/of-own")
        assert (refused.status_code, "Nobody is signed in here" in refused.text) == (403, True)
        assert httpx.get(address, headers={"host": "books.evil.example"}).status_code == 400
