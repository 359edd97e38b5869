"""The systems outside that report visits: added with a secret, disabled, and files of theirs taken in by hand."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api.door import AsAdmin
from portal_api.ehr import filing, systems, table
from portal_api.ehr.report import Unusable
from portal_api.pages import onward, page
from portal_api.problems import not_found

if TYPE_CHECKING:
    from portal_api.here import Here

router = APIRouter()


@router.get("/staff/systems", response_class=HTMLResponse)
def show(here: AsAdmin) -> HTMLResponse:
    """List the systems."""
    return _shown(here)


@router.post("/staff/systems", response_class=HTMLResponse)
def add(here: AsAdmin) -> HTMLResponse:
    """Add a system, and show its address and its secret this once."""
    system_id, secret = systems.add(here, here.form["name"][:80])
    return _shown(here, added=(f"{here.origin}/api/v1/ehr/{system_id}", secret))


@router.post("/staff/systems/{system_id}/disable", response_model=None)
def disable(here: AsAdmin, system_id: UUID) -> Response:
    """Hear a system no more."""
    if not systems.disable(here, system_id):
        raise not_found()
    return onward("/staff/systems", "saved")


@router.post("/staff/systems/{system_id}/file", response_class=HTMLResponse)
def take_file(here: AsAdmin, system_id: UUID) -> HTMLResponse:
    """Take in a CSV file of reports: a row that cannot be is named, and the others stay."""
    if system_id not in {each.id for each in systems.all_of(here) if each.disabled_at is None}:
        raise not_found()
    try:
        text = here.form.files.get("file", b"").decode()
        refused, taken = filing.take(here, system_id, text)
    except UnicodeDecodeError:
        return _shown(here, problem="The file is no UTF-8 text: export it as CSV in UTF-8.")
    except Unusable as error:
        return _shown(here, problem=str(error))
    return _shown(here, taken=taken, refused=refused)


def _shown(here: Here, **values: object) -> HTMLResponse:
    known: dict[str, Any] = {"added": None, "problem": "", "taken": None, "refused": [], "columns": table.COLUMNS}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if values.get("problem") else HTTPStatus.OK
    return page(here, "ehr/systems.html", status=status, systems=systems.all_of(here), **(known | values))
