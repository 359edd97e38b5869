"""What has to be done before a visit: a list with what is done ticked off, which the video visit asks too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from portal_api.care import whereabouts
from portal_api.intake import cards, consents, insurance
from portal_api.scheduling import wishes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment


@dataclass(frozen=True)
class Todo:
    """Something to do before a visit, and where."""

    words: str
    path: str
    is_done: bool


def before(here: Here, appointment: Appointment) -> list[Todo]:
    """Return all that a patient does before a visit, in its order."""
    return list(_each(here, appointment))


def left(here: Here, appointment: Appointment) -> list[Todo]:
    """Return what is still to be done before a visit."""
    return [each for each in before(here, appointment) if not each.is_done]


def _each(here: Here, appointment: Appointment) -> Iterator[Todo]:
    back = f"?next=/visits/{appointment.id}"
    patient = appointment.patient_id
    unsigned = {each.id for each in consents.unsigned(here, patient)}
    for text in consents.current(here):
        yield Todo(f"Read and sign: {text.title}", f"/consents/texts/{text.id}{back}", text.id not in unsigned)
    if appointment.payer_id:
        known = insurance.payers_known(here, patient)
        path = f"/insurance{back}&payer={quote(appointment.payer_id, safe='')}"
        yield Todo("Give your insurance details", path, appointment.payer_id in known)
    if here.practice.policies.wants_card and cards.service(here.settings):
        yield Todo("Save a card", f"/card/new{back}", cards.of_patient(here, patient) is not None)
    yield _place(here, appointment)


def _place(here: Here, appointment: Appointment) -> Todo:
    said, path = whereabouts.said(here, appointment.id), f"/visits/{appointment.id}/where"
    if said is None or whereabouts.may_be_seen(here, appointment, said.state):
        return Todo("Tell us where you will be", path, said is not None)
    words = f"You said that you will be in {wishes.STATES[said.state]}, where your provider has no license: call us"
    return Todo(f"{words}, or correct it", path, is_done=False)
