"""/api/v1/offer: an admin sets what can be booked: visit types, payers, and what each provider offers and may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from ledger.rules.visit_fields import SERVICE_CODE
from portal_api.door import AsAdmin
from portal_api.here import Here
from portal_api.idempotency import Key, once
from portal_api.problems import not_found
from portal_api.routes.api.shapes import Cents, Name, Shape, State
from portal_api.scheduling import catalog, offering, wishes
from portal_api.scheduling.offering import Provider

router = APIRouter(prefix="/api/v1/offer", tags=["offer"])
PayerId = Annotated[str, Path(min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+$")]


def _bounded(name: str) -> Any:
    least, most = offering.BOUNDS[name]
    return Field(ge=least, le=most)


class VisitTypeAsked(Shape):
    """A kind of visit; `capacity` above 1 is a group's. The price is in cents, of the whole visit."""

    name: Name
    for_whom: Literal["anyone", "new", "established"] = "anyone"
    service_code: str = Field(pattern=f"^{SERVICE_CODE.pattern}$", description="A CPT or HCPCS code.")
    charge_cents: Cents
    is_active: bool = True
    minutes: int = _bounded("minutes")
    buffer_before: int = _bounded("buffer_before")
    buffer_after: int = _bounded("buffer_after")
    step: int = _bounded("step")
    capacity: int = _bounded("capacity")
    lead_minutes: int = _bounded("lead_minutes")
    horizon_days: int = _bounded("horizon_days")


class VisitTypeKept(VisitTypeAsked):
    """A kind of visit, those that are no longer offered too."""

    id: UUID
    kind: str


class PayerAsked(Shape):
    """A payer, and by visit type what its patients are expected to pay, in cents; without one it is the whole price."""

    label: Name
    estimates: dict[UUID, Cents] = Field(default_factory=dict)


class PayerKept(PayerAsked):
    """A payer; `id` is the payer id of claims."""

    id: str


class License(Shape):
    """A state, and the last day of the license."""

    state: State
    expires_on: date


class ProviderAsked(Shape):
    """What a provider offers, accepts and is licensed for."""

    name: Name
    credentials: str = Field("", max_length=40, pattern=r"^[^\x00]*$")
    time_zone: str = Field(max_length=64, description="An IANA name, such as America/New_York.")
    accepts_new: bool
    is_active: bool
    visit_types: list[UUID]
    payers: list[str]
    licenses: list[License]


class ProviderKept(ProviderAsked):
    """A provider; `ledger_id` is what the books call them."""

    id: UUID
    ledger_id: str
    calendar_id: UUID


class Missing(BaseModel):
    """A provider among the staff who has no calendar yet."""

    ledger_id: str
    name: str


class WholeOffer(BaseModel):
    """All that can be booked, and whom nobody can book yet."""

    visit_types: list[VisitTypeKept]
    payers: list[PayerKept]
    providers: list[ProviderKept]
    without_calendar: list[Missing]


class CalendarAsked(Shape):
    """Whom to give a calendar."""

    ledger_id: str = Field(max_length=80, pattern=r"^[^\x00]*$")


@router.get("", response_model=WholeOffer)
def whole(here: AsAdmin) -> WholeOffer:
    """Return what can be booked."""
    return WholeOffer(
        visit_types=[_type(each) for each in offering.visit_types(here)],
        payers=[_payer(here, each) for each in catalog.payers(here)],
        providers=[_provider(each) for each in offering.providers(here)],
        without_calendar=[Missing(ledger_id=each, name=name) for each, name in offering.missing(here)],
    )


@router.post("/visit-types", status_code=HTTPStatus.CREATED, response_model=VisitTypeKept)
def add_type(here: AsAdmin, asked: VisitTypeAsked, key: Key = None) -> JSONResponse:
    """Add a visit type."""
    request = ["visit-types", asked.model_dump(mode="json")]
    return once(here, key, request, lambda: _kept_type(here, offering.keep_visit_type(here, None, asked.model_dump())))


@router.put("/visit-types/{visit_type_id}", response_model=VisitTypeKept)
def keep_type(here: AsAdmin, visit_type_id: UUID, asked: VisitTypeAsked) -> VisitTypeKept:
    """Change a visit type; what is booked keeps the price and the length it has."""
    _kept_type(here, visit_type_id)
    return _kept_type(here, offering.keep_visit_type(here, visit_type_id, asked.model_dump()))


@router.put("/payers/{payer_id}", response_model=PayerKept)
def keep_payer(here: AsAdmin, payer_id: PayerId, asked: PayerAsked) -> PayerKept:
    """Add a payer or change it, with its estimates."""
    _all_known(asked.estimates, {UUID(str(each["id"])) for each in offering.visit_types(here)}, "visit type")
    offering.keep_payer(here, payer_id, asked.label, asked.estimates)
    return next(_payer(here, each) for each in catalog.payers(here) if each.id == payer_id)


@router.post("/providers", status_code=HTTPStatus.CREATED, response_model=ProviderKept)
def add_provider(here: AsAdmin, asked: CalendarAsked, key: Key = None) -> JSONResponse:
    """Give a provider among the staff a calendar, without hours; 404 for nobody who lacks one."""

    def added() -> ProviderKept:
        try:
            return _kept_provider(here, offering.add_provider(here, asked.ledger_id))
        except LookupError:
            raise not_found() from None

    return once(here, key, ["providers", asked.ledger_id], added)


@router.put("/providers/{provider_id}", response_model=ProviderKept)
def keep_provider(here: AsAdmin, provider_id: UUID, asked: ProviderAsked) -> ProviderKept:
    """Change what a provider offers, accepts and is licensed for; what is booked stays booked."""
    before = next((each for each in offering.providers(here) if each.id == provider_id), None)
    if before is None:
        raise not_found()
    _all_known(asked.visit_types, {each.id for each in catalog.visit_types(here)}, "visit type that can be booked")
    _all_known(asked.payers, {each.id for each in catalog.payers(here)}, "payer")
    licenses = {each.state: each.expires_on for each in asked.licenses}
    _all_known(licenses, wishes.STATES, "state")
    plain = {name: getattr(asked, name) for name in ("name", "credentials", "accepts_new", "is_active")}
    changed = replace(
        before,
        **plain,
        time_zone=wishes.zone(asked.time_zone).key,
        visit_types=sorted(set(asked.visit_types)),
        payers=sorted(set(asked.payers)),
        states=list(licenses),
        expiries=list(licenses.values()),
    )
    offering.keep_provider(here, changed)
    return _kept_provider(here, provider_id)


def _all_known(given: Any, known: Any, what: str) -> None:
    if not set(given) <= set(known):
        raise offering.no_offer(f"One of them is no {what} of this practice.")


def _kept_type(here: Here, visit_type_id: UUID) -> VisitTypeKept:
    found = next((each for each in offering.visit_types(here) if each["id"] == str(visit_type_id)), None)
    if found is None:
        raise not_found()
    return _type(found)


def _type(found: dict[str, Any]) -> VisitTypeKept:
    return VisitTypeKept(**{name: found[name] for name in VisitTypeKept.model_fields})


def _payer(here: Here, found: catalog.Payer) -> PayerKept:
    return PayerKept(id=found.id, label=found.label, estimates=offering.estimates(here, found.id))


def _kept_provider(here: Here, provider_id: UUID) -> ProviderKept:
    return next(_provider(each) for each in offering.providers(here) if each.id == provider_id)


def _provider(found: Provider) -> ProviderKept:
    shown = {name: getattr(found, name) for name in ProviderKept.model_fields if name != "licenses"}
    return ProviderKept(**shown, licenses=[License(state=state, expires_on=day) for state, day in found.licences])
