"""Consent texts of the sample practices: made up, and no advice on what a practice's own must say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal_api.intake import consents

if TYPE_CHECKING:
    from portal_api.here import Here

TEXTS = {
    "telehealth": (
        "Consent to telehealth",
        (
            "I agree to be seen by video. I know that a visit by video has limits: my provider cannot examine "
            "me by touch, and a connection can fail. If it does, we call me on my telephone.\n\n"
            "I tell my provider at the start of each visit where I am, so that help can reach me there in an "
            "emergency.\n\n"
            "Nothing is recorded unless everybody in the visit has said yes. I can withdraw this consent at "
            "any time."
        ),
    ),
    "privacy": (
        "Notice of privacy practices",
        (
            "We use what you tell us to treat you, to be paid for it and to run our practice. We share it "
            "with your insurer for payment, and with others only when you allow it or the law requires it.\n\n"
            "You may see your record, ask us to correct it, and ask whom we told of you. By signing you "
            "confirm that you have received this notice."
        ),
    ),
    "payment": (
        "Authorization of payments",
        (
            "You may charge my card on file for my share of each visit once my insurer has decided, for "
            "visits without insurance when they are over, and for the fees for missing or cancelling a visit "
            "late that I saw when I booked.\n\n"
            "I am told of each charge. If I paid too much, it is credited to me. I can remove my card at any "
            "time."
        ),
    ),
}


def fill(here: Here) -> None:
    """Give the practice its texts; what is there stays."""
    if not consents.current(here):
        for kind, (title, body) in TEXTS.items():
            consents.publish(here, kind, title, body)
