"""/api/v1: before a visit: what has to be done, consents to read and sign, insurance, and the card on file."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from portal_api import audit
from portal_api.door import AsPatient, AsPatientInSteps
from portal_api.here import Here
from portal_api.idempotency import Key, once
from portal_api.intake import cards, consents, insurance, todo
from portal_api.intake.insurance import Insurance
from portal_api.problems import not_found
from portal_api.routes.api.shapes import Line, Shape
from portal_api.scheduling import appointments, catalog

router = APIRouter(prefix="/api/v1", tags=["intake"])
PayerId = Annotated[str, Path(max_length=80)]
Part = Annotated[str, Field(max_length=insurance.LONGEST, pattern=r"^[^\x00]*$")]


class TodoShown(BaseModel):
    """Something to do before a visit, and its page."""

    words: str
    path: str
    is_done: bool


class Todos(BaseModel):
    """All that is to be done before a visit, in its order."""

    items: list[TodoShown]


class TextShown(BaseModel):
    """A version of a text; `sha256` is of title, an empty line and body."""

    id: UUID
    kind: str
    version: int
    title: str
    body: str
    sha256: str
    made_at: datetime


class ConsentShown(BaseModel):
    """What was signed, and how: the text is that version, whatever is asked now."""

    id: UUID
    typed_name: str
    signed_at: datetime
    address: str
    browser: str
    text: TextShown


class Consents(BaseModel):
    """Texts still to be signed, and what was signed, the newest first."""

    to_sign: list[TextShown]
    signed: list[ConsentShown]


class Signature(Shape):
    """The patient's full name, typed, and the tick that they agree."""

    typed_name: Line
    is_agreed: bool


class InsuranceAsked(Shape):
    """What stands on the card of an insurer."""

    member_number: Part
    group_number: Part = ""
    relation: Literal["self", "spouse", "parent", "other"]
    holder_name: Part = ""


class InsuranceShown(InsuranceAsked):
    """What a patient said of a payer."""

    payer_id: str


class Insurances(BaseModel):
    """What the patient said of each payer, the newest first."""

    items: list[InsuranceShown]


class CardShown(BaseModel):
    """The card on file, as its holder may be shown it; `expires` is YYYY-MM."""

    brand: str
    last4: str
    expires: str


class CardOnFile(BaseModel):
    """Whether cards can be saved here, and the card on file."""

    can_save: bool
    card: CardShown | None


class SetupAsked(Shape):
    """A name of the program's own for this asking: the same again gives the same."""

    ask: UUID


class Setup(BaseModel):
    """What hands a card to Stripe in the patient's browser; we never see its number."""

    client_secret: str
    publishable_key: str


class SavedAsked(Shape):
    """Which SetupIntent saved the card."""

    setup_intent: str = Field(max_length=200, pattern=r"^[\x21-\x7e]+$")


@router.get("/visits/{appointment_id}/todo", response_model=Todos)
def before(here: AsPatient, appointment_id: UUID) -> Todos:
    """Return what has to be done before a visit, with what is done ticked off."""
    mine = appointments.own_visit(here, appointment_id)
    return Todos(items=[TodoShown(**vars(each)) for each in todo.before(here, mine)])


@router.get("/consents", response_model=Consents)
def listed(here: AsPatient) -> Consents:
    """Return what is to be signed, and what was signed."""
    return Consents(
        to_sign=[_text(each) for each in consents.unsigned(here, here.me.id)],
        signed=[consent_shown(each) for each in consents.signed(here, here.me.id)],
    )


@router.get("/consents/texts/{consent_text_id}", response_model=TextShown)
def text(here: AsPatient, consent_text_id: UUID) -> TextShown:
    """Return a text that is asked now; 409 for one that has a newer version."""
    return _text(consents.text_of(here, consent_text_id))


@router.post("/consents/texts/{consent_text_id}", status_code=HTTPStatus.CREATED, response_model=ConsentShown)
def sign(here: AsPatient, consent_text_id: UUID, asked: Signature, key: Key = None) -> JSONResponse:
    """Sign a text; what is signed already stays as it was."""
    found = consents.text_of(here, consent_text_id)

    def signed() -> ConsentShown:
        consents.sign(here, found.id, asked.typed_name.strip(), is_agreed=asked.is_agreed)
        return next(consent_shown(each) for each in consents.signed(here, here.me.id) if each.text.id == found.id)

    return once(here, key, ["sign", str(found.id), asked.model_dump()], signed)


@router.get("/consents/{consent_id}", response_model=ConsentShown)
def consent(here: AsPatient, consent_id: UUID) -> ConsentShown:
    """Return what was signed, with the text as it was read."""
    found = next((each for each in consents.signed(here, here.me.id) if each.id == consent_id), None)
    if found is None:
        raise not_found()
    return consent_shown(found)


@router.get("/insurance", response_model=Insurances)
def insured(here: AsPatient) -> Insurances:
    """Return the patient's insurance."""
    audit.record(here, "insurance.read", f"patient/{here.me.id}")
    return Insurances(items=[InsuranceShown(**vars(each)) for each in insurance.of_patient(here, here.me.id)])


@router.put("/insurance/{payer_id}", response_model=InsuranceShown)
def insure(here: AsPatient, payer_id: PayerId, asked: InsuranceAsked) -> InsuranceShown:
    """Keep the insurance with a payer of the practice, in place of what was kept for it."""
    if payer_id not in {each.id for each in catalog.payers(here)}:
        raise not_found()
    said = {name: value.strip() for name, value in asked.model_dump().items()}
    insurance.keep(here, Insurance(payer_id=payer_id, **said))
    return InsuranceShown(payer_id=payer_id, **said)


@router.get("/card", response_model=CardOnFile)
def card(here: AsPatient) -> CardOnFile:
    """Return the card on file."""
    return _on_file(here)


@router.post("/card/setup", status_code=HTTPStatus.OK, response_model=Setup)
def setup(steps: AsPatientInSteps, asked: SetupAsked) -> Setup:
    """Return what hands a card to Stripe; 503 where the installation takes no cards."""
    secret = cards.begin(steps, asked.ask)
    with steps.step() as here:
        return Setup(client_secret=secret, publishable_key=cards.available(here).publishable_key)


@router.put("/card", response_model=CardOnFile)
def save(steps: AsPatientInSteps, asked: SavedAsked) -> CardOnFile:
    """Keep the card that a SetupIntent saved; 409 while it saved none. Again changes nothing."""
    cards.finish(steps, asked.setup_intent)
    with steps.step() as here:
        return _on_file(here)


@router.delete("/card", status_code=HTTPStatus.NO_CONTENT)
def remove(steps: AsPatientInSteps) -> Response:
    """Remove every card of the patient's; with none on file it changes nothing."""
    cards.remove(steps)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _on_file(here: Here) -> CardOnFile:
    found = cards.on_file(here)
    shown = CardShown(brand=found.brand, last4=found.last4, expires=found.expires) if found else None
    return CardOnFile(can_save=cards.service(here.settings) is not None, card=shown)


def _text(each: consents.Text) -> TextShown:
    return TextShown(**vars(each))


def consent_shown(each: consents.Consent) -> ConsentShown:
    """Return what was signed, as programs are shown it."""
    return ConsentShown(**{**vars(each), "text": _text(each.text)})
