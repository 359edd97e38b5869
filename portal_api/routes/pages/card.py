"""The card on file: shown, given by the form of Stripe's fields, replaced and removed."""

from __future__ import annotations

from uuid import UUID, uuid4

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.responses import Response

from portal_api.door import AsPatient, AsPatientInSteps
from portal_api.identity import entering
from portal_api.intake import cards
from portal_api.pages import onward, page
from portal_api.problems import not_found

router = APIRouter()


@router.get("/card", response_class=HTMLResponse)
def card(here: AsPatient) -> HTMLResponse:
    """Show which card is on file."""
    return page(here, "intake/card.html", card=cards.on_file(here), can_save=bool(cards.service(here.settings)))


@router.get("/card/new", response_class=HTMLResponse)
def new(here: AsPatient, next: str = "/card") -> HTMLResponse:  # noqa: A002 - the name in the address
    """Show the form whose fields are Stripe's."""
    desk = cards.available(here)
    return page(
        here,
        "intake/new_card.html",
        csp=desk.csp,
        card=cards.on_file(here),
        script=desk.script,
        publishable_key=desk.publishable_key,
        ask=uuid4(),
        next=entering.local(next),
    )


@router.post("/card/setup")
def setup(steps: AsPatientInSteps) -> JSONResponse:
    """Give the form what it needs to hand a card to Stripe."""
    try:
        ask = UUID(steps.form["ask"])
    except ValueError:
        raise not_found() from None
    return JSONResponse({"client_secret": cards.begin(steps, ask)})


@router.post("/card/saved", response_model=None)
def saved(steps: AsPatientInSteps) -> Response:
    """Keep which card was saved; the form names the SetupIntent, Stripe is asked about it."""
    cards.finish(steps, steps.form["setup_intent"])
    return onward(entering.local(steps.form.get("next", "/card")), "card_saved")


@router.post("/card/remove", response_model=None)
def remove(steps: AsPatientInSteps) -> Response:
    """Remove the card on file."""
    cards.remove(steps)
    return onward("/card", "card_removed")
