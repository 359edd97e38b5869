"""An administrator sets what can be booked: visit types, payers, and what each provider offers and may do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api.door import AsAdmin
from portal_api.pages import onward, page
from portal_api.problems import Problem, not_found
from portal_api.scheduling import catalog, offering, wishes

if TYPE_CHECKING:
    from portal_api.here import Here
    from portal_api.scheduling.offering import Provider

router = APIRouter()
BLANK: dict[str, object] = {
    "id": None, "name": "", "kind": "follow_up", "for_whom": "anyone", "service_code": "",
    "charge_cents": 0, "is_active": True, "minutes": 45, "buffer_before": 0, "buffer_after": 10, "step": 15,
    "capacity": 1, "lead_minutes": 120, "horizon_days": 60,
}  # fmt: skip
LABELS = {
    "minutes": "Minutes", "buffer_before": "Minutes kept free before", "buffer_after": "Minutes kept free after",
    "step": "A time every so many minutes", "capacity": "Seats (1: not a group)", "lead_minutes": "Minutes of notice",
    "horizon_days": "Days ahead",
}  # fmt: skip
_DOLLARS = re.compile(r"\$?(\d{1,6})(?:\.(\d\d))?\Z")
_LICENCE = re.compile(r"([A-Z]{2})\s+(\d{4}-\d\d-\d\d)\Z")


@router.get("/staff/offer", response_class=HTMLResponse)
def offer(here: AsAdmin) -> HTMLResponse:
    """Show what can be booked."""
    return page(
        here,
        "scheduling/offer.html",
        visit_types=offering.visit_types(here),
        payers=catalog.payers(here),
        providers=offering.providers(here),
        missing=offering.missing(here),
    )


@router.get("/staff/offer/visit-types/{which}", response_class=HTMLResponse)
def visit_type(here: AsAdmin, which: str) -> HTMLResponse:
    """Show a visit type, or a blank one."""
    return _type_page(here, which, _type(here, which))


@router.post("/staff/offer/visit-types/{which}", response_model=None)
def visit_type_kept(here: AsAdmin, which: str) -> Response:
    """Write a visit type; what is wrong is said beside what was written."""
    before = _type(here, which)
    form = here.form
    texts = {"name": form.get("name")[:80], "service_code": form.get("service_code").upper()[:12]}
    try:
        values = {name: _number(form.get(name), LABELS[name], *offering.BOUNDS[name]) for name in LABELS}
        values["charge_cents"] = _cents(form.get("charge"))
        form["name"]
        for_whom = form.get("for_whom") if form.get("for_whom") in {"anyone", "new", "established"} else "anyone"
        flags = {"is_active": form.get("is_active") == "yes"}
        offering.keep_visit_type(here, UUID(str(before["id"])), {**values, **texts, **flags, "for_whom": for_whom})
    except Problem as wrong:
        said = {name: form.get(name) for name in ("charge", "for_whom", *LABELS)} | texts
        return _type_page(here, which, before | said, wrong.detail)
    return onward("/staff/offer", "saved")


@router.get("/staff/offer/payers/{payer_id}", response_class=HTMLResponse)
def payer(here: AsAdmin, payer_id: str) -> HTMLResponse:
    """Show a payer and its estimates, or a blank one."""
    return _payer_page(here, payer_id)


@router.post("/staff/offer/payers/{payer_id}", response_model=None)
def payer_kept(here: AsAdmin, payer_id: str) -> Response:
    """Write a payer and its estimates."""
    form = here.form
    try:
        label = form["label"][:80]
        known = payer_id if payer_id != "new" else _new_payer(here, form["payer_id"][:80], label)
        cents = {
            UUID(str(each["id"])): _cents(written)
            for each in offering.visit_types(here)
            if (written := form.get(f"estimate_{each['id']}"))
        }
        offering.keep_payer(here, known, label, cents)
    except Problem as wrong:
        return _payer_page(here, payer_id, wrong.detail)
    return onward("/staff/offer", "saved")


@router.post("/staff/offer/providers", response_model=None)
def provider_added(here: AsAdmin) -> Response:
    """Give a provider among the staff a calendar."""
    try:
        added = offering.add_provider(here, here.form.get("provider"))
    except LookupError:
        raise not_found() from None
    return onward(f"/staff/offer/providers/{added}", "saved")


@router.get("/staff/offer/providers/{provider_id}", response_class=HTMLResponse)
def provider(here: AsAdmin, provider_id: UUID) -> HTMLResponse:
    """Show what a provider offers, accepts and is licensed for."""
    return _provider_page(here, _provider(here, provider_id))


@router.post("/staff/offer/providers/{provider_id}", response_model=None)
def provider_kept(here: AsAdmin, provider_id: UUID) -> Response:
    """Write a provider."""
    form = here.form
    types = {str(each.id): each.id for each in catalog.visit_types(here)}
    payers = {each.id for each in catalog.payers(here)}
    said = replace(
        _provider(here, provider_id),
        name=form.get("name")[:100],
        credentials=form.get("credentials")[:40],
        accepts_new=form.get("accepts_new") == "yes",
        is_active=form.get("is_active") == "yes",
        visit_types=[types[each] for each in form.all("visit_type") if each in types],
        payers=[each for each in form.all("payer") if each in payers],
    )
    try:
        form["name"]
        zone = wishes.zone(form.get("time_zone")).key
        licences = dict(_licence(line) for line in form.get("licences").splitlines() if line.strip())
    except Problem as wrong:
        return _provider_page(here, said, wrong.detail)
    offering.keep_provider(here, replace(said, time_zone=zone, states=list(licences), expiries=list(licences.values())))
    return onward("/staff/offer", "saved")


def _new_payer(here: Here, payer_id: str, label: str) -> str:
    if any(each.id == payer_id and each.label != label for each in catalog.payers(here)):
        raise _wrong("There is an insurance with this payer id already: change that one.")
    return payer_id


def _type(here: Here, which: str) -> dict[str, object]:
    """Return a visit type, or a blank one, whose id the form carries: saved twice, it is one."""
    if which == "new":
        return BLANK | {"id": _id(here.form.get("id"))}
    known = {str(each["id"]): each for each in offering.visit_types(here)}
    if which not in known:
        raise not_found()
    return dict(known[which])


def _type_page(here: Here, which: str, kind: dict[str, object], problem: str = "") -> HTMLResponse:
    return page(
        here,
        "scheduling/offer_visit_type.html",
        status=_status(problem),
        problem=problem,
        which=which,
        kind={"charge": _written(int(str(kind["charge_cents"])))} | kind,
        labels=LABELS,
    )


def _payer_page(here: Here, payer_id: str, problem: str = "") -> HTMLResponse:
    found = next((each for each in catalog.payers(here) if each.id == payer_id), None)
    if found is None and payer_id != "new":
        raise not_found()
    kept = {f"estimate_{kind}": _written(cents) for kind, cents in offering.estimates(here, payer_id).items()}
    return page(
        here,
        "scheduling/offer_payer.html",
        status=_status(problem),
        problem=problem,
        payer=found,
        place=payer_id,
        visit_types=catalog.visit_types(here),
        written=here.form if problem else kept | {"label": found.label if found else ""},
    )


def _provider_page(here: Here, found: Provider, problem: str = "") -> HTMLResponse:
    return page(
        here,
        "scheduling/offer_provider.html",
        status=_status(problem),
        problem=problem,
        provider=found,
        visit_types=catalog.visit_types(here),
        payers=catalog.payers(here),
        licences=here.form.get("licences") if problem else "\n".join(f"{state} {day}" for state, day in found.licences),
        zones={found.time_zone: wishes.zone_called(found.time_zone)} | wishes.ZONES,
    )


def _provider(here: Here, provider_id: UUID) -> Provider:
    found = next((each for each in offering.providers(here) if each.id == provider_id), None)
    if found is None:
        raise not_found()
    return found


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _number(text: str, label: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text[:9]) <= most:
        raise _wrong(f"“{label}” is a whole number from {least} to {most}.")
    return int(text)


def _written(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _cents(text: str) -> int:
    found = _DOLLARS.match(text)
    if found is None:
        raise _wrong("Write amounts in dollars, like 165 or 165.00.")
    return int(found[1]) * 100 + int(found[2] or 0)


def _licence(line: str) -> tuple[str, date]:
    found = _LICENCE.match(line.strip().upper())
    try:
        if found and found[1] in wishes.STATES:
            return found[1], date.fromisoformat(found[2])
    except ValueError:
        pass
    raise _wrong("Write a license a line: the state and its last day, like NY 2028-06-30.")


def _status(problem: str) -> HTTPStatus:
    return HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK


def _wrong(sentence: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "no-offer", sentence)
