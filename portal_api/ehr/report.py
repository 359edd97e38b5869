"""What an outside system may report of a visit, whatever format it came in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Event(StrEnum):
    """What became of a visit, as the system outside says; one that is voided was never to be, and is never late."""

    BOOKED = "booked"
    STARTED = "started"
    FINISHED = "finished"
    MISSED = "missed"
    CANCELLED = "cancelled"
    VOIDED = "voided"


class Unusable(ValueError):  # noqa: N818 - named for what the sender is told
    """A report that cannot be taken in; the text says which field, why and what to do, and never its value."""


@dataclass(frozen=True)
class Report:
    """A report. References are the outside system's own ids; here they are known by their MAC alone.

    `at`: when it happened. `is_patients`: of a cancellation, that it was the patient who cancelled. A report that only
    moves a visit on may leave out what it was booked with.
    """

    event: Event
    visit_ref: str
    at: datetime | None = None
    patient_ref: str | None = None
    provider_id: str | None = None
    service_code: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    payer_id: str | None = None
    is_patients: bool = False
