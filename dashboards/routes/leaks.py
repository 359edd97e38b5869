"""The leaks: added up, one by one, and what people do about each."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from dashboards.door import AtBooks, acting, done
from dashboards.here import Here
from dashboards.leak_choice import Choice
from dashboards.pages import leak, leaks

if TYPE_CHECKING:
    from dashboards.desk import Leaks

router = APIRouter()
LeakId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Acting = Annotated[Here, acting(*leak.ROLES)]


def chosen(  # noqa: PLR0913, PLR0917 - what is asked
    by: str = "category",
    category: str = "",
    payer: str = "",
    provider: str = "",
    practice: str = "",
    age: str = "",
    period: str = "",
    work: str = "",
) -> Choice:
    """Return what the address asks for; a month or a category may stand in its path."""
    return Choice(by, category, payer, provider, practice, age, period, work)


Chosen = Annotated[Choice, Depends(chosen)]


@router.get("/leaks")
def all_leaks(here: AtBooks, choice: Chosen, part: int = 1) -> str:
    """Show the leaks of all months."""
    return leaks.html(here, choice, part)


@router.get("/months/{period}/leaks")  # noqa: FAST003 - it is of the choice
def leaks_of_month(here: AtBooks, choice: Chosen, part: int = 1) -> str:
    """Show the leaks of one month."""
    return leaks.html(here, choice, part)


@router.get("/months/{period}/leaks/{category}")  # noqa: FAST003 - both are of the choice
def leaks_of_category(here: AtBooks, choice: Chosen, part: int = 1) -> str:
    """Show the leaks of one category in one month."""
    return leaks.html(here, choice, part)


@router.get("/leaks/{leak_id}")
def one_leak(here: AtBooks, leak_id: LeakId) -> str:
    """Show one leak."""
    return leak.html(here, leak_id)


@router.post("/leaks/{leak_id}/assign")
def assign(here: Acting, leak_id: LeakId) -> RedirectResponse:
    """Give a leak to somebody."""
    _desk(here).assign(here.reader, leak_id, here.given("to"))
    return _back(here, leak_id, "leak_assigned")


@router.post("/leaks/{leak_id}/note")
def note(here: Acting, leak_id: LeakId) -> RedirectResponse:
    """Write down what was tried or found out."""
    _desk(here).note(here.reader, leak_id, here.given("note"))
    return _back(here, leak_id, "leak_noted")


@router.post("/leaks/{leak_id}/resolve")
def resolve(here: Acting, leak_id: LeakId) -> RedirectResponse:
    """Say how a leak ended."""
    _desk(here).resolve(here.reader, leak_id, here.given("outcome"))
    return _back(here, leak_id, "leak_resolved")


@router.post("/leaks/{leak_id}/dismiss")
def dismiss(here: Acting, leak_id: LeakId) -> RedirectResponse:
    """Say why nothing is to be done about a leak."""
    _desk(here).dismiss(here.reader, leak_id, here.given("reason"))
    return _back(here, leak_id, "leak_dismissed")


@router.post("/leaks/{leak_id}/reopen")
def reopen(here: Acting, leak_id: LeakId) -> RedirectResponse:
    """Say why a leak is open again."""
    _desk(here).reopen(here.reader, leak_id, here.given("reason"))
    return _back(here, leak_id, "leak_reopened")


def _desk(here: Here) -> "Leaks":
    if here.desk.leaks is None:
        raise HTTPException(404, "Nothing can be done about leaks here.")
    return here.desk.leaks


def _back(here: Here, leak_id: str, said: str) -> RedirectResponse:
    """Go on where the form stood: at the visit, if it was that one's page, else at the leak."""
    visit = leak.visit_of(here, leak_id)
    at_visit = visit is not None and here.form.get("at") == "visit"
    return done(here, f"/visits/{visit}" if at_visit else f"/leaks/{leak_id}", said)
