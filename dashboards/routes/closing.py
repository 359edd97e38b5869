"""The months' closings: what holds one up, closing and reopening, and the packs."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from dashboards.door import AtAllBooks, acting, done
from dashboards.here import Here
from dashboards.pages import closing
from dashboards.pages.closing import desk

router = APIRouter(prefix="/closing")
Closing = Annotated[Here, acting("finance", on_all=True)]


@router.get("")
def months(here: AtAllBooks) -> str:
    """Show every month and whether it is closed."""
    return closing.months(here)


@router.get("/{period}")
def month(here: AtAllBooks, period: str) -> str:
    """Show the closing of a month."""
    return closing.month(here, period)


@router.get("/{period}/explain")
def ask_why(here: AtAllBooks, period: str, check: str, key: str) -> str:
    """Ask why a point may stand."""
    return closing.explain(here, period, check, key)


@router.get("/{period}/close")
def ask_to_close(here: AtAllBooks, period: str) -> str:
    """Ask whether to close the month."""
    return closing.close(here, period)


@router.get("/{period}/reopen")
def ask_to_reopen(here: AtAllBooks, period: str) -> str:
    """Ask whether to reopen the month, and why."""
    return closing.reopen(here, period)


@router.get("/{period}/packs/{version}/{form}")
def file(here: AtAllBooks, period: str, version: int, form: str) -> Response:
    """Give a file of a pack, as it was kept."""
    return closing.file(here, period, version, form)


@router.post("/{period}/look")
def look(here: Closing, period: str) -> RedirectResponse:
    """Judge the checklist anew."""
    desk(here).look(here.reader, closing.known(here, period))
    return done(here, f"/closing/{period}", "looked")


@router.post("/{period}/explain")
def explain(here: Closing, period: str) -> RedirectResponse:
    """Keep why a point may stand."""
    point = here.given("check"), here.given("key")
    desk(here).explain(here.reader, closing.known(here, period), point, here.given("why"))
    return done(here, f"/closing/{period}", "explained")


@router.post("/{period}/close")
def close(here: Closing, period: str) -> RedirectResponse:
    """Close the month."""
    is_closed = desk(here).close(here.reader, closing.known(here, period), here.form.get("why", "").strip() or None)
    return done(here, f"/closing/{period}", "closed" if is_closed else "stays_open")


@router.post("/{period}/reopen")
def reopen(here: Closing, period: str) -> RedirectResponse:
    """Reopen the month."""
    desk(here).reopen(here.reader, closing.known(here, period), here.given("why"))
    return done(here, f"/closing/{period}", "reopened")


@router.post("/{period}/packs/{version}")
def pack(here: Closing, period: str, version: int) -> RedirectResponse:
    """Make what a pack lacks."""
    desk(here).pack(here.reader, closing.known(here, period), version)
    return done(here, f"/closing/{period}", "packed")
