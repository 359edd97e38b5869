"""Where a demand on a patient stands after each attempt at the card, and what that asks of the patient and of staff."""

from __future__ import annotations

from enum import StrEnum

from ledger.rules.outcome import Advice


class Standing(StrEnum):
    """Where an invoice of a patient stands. All from `new_card` on are stuck: Stripe tries them no more by itself."""

    SETTLED = "settled"
    NOT_TRIED = "not_tried"
    RETRY = "retry"
    NEW_CARD = "new_card"
    AUTHENTICATE = "authenticate"
    NEVER = "never"
    GIVEN_UP = "given_up"

    @property
    def is_stuck(self) -> bool:
        """Whether nothing goes on by itself, so that a person looks at it."""
        return self in {Standing.NEW_CARD, Standing.AUTHENTICATE, Standing.NEVER, Standing.GIVEN_UP}


class Message(StrEnum):
    """What a patient can be told of an invoice; the sentence of each is the door's, and names no care."""

    AUTHENTICATE = "authenticate"
    NEW_CARD = "new_card"
    PAY = "pay"
    RECEIPT = "receipt"


_MESSAGES = {
    Standing.AUTHENTICATE: Message.AUTHENTICATE,
    Standing.NEW_CARD: Message.NEW_CARD,
    Standing.GIVEN_UP: Message.PAY,
}


def standing(  # noqa: PLR0913 - what is known of an invoice, all of it named at the one call
    status: str,
    *,
    attempted: bool,
    is_scheduled: bool,
    asks_patient: bool,
    has_card: bool,
    advice: Advice | None,
) -> Standing:
    """Say where an invoice stands.

    `status` is Stripe's; `is_scheduled`: a `next_payment_attempt` is set; `asks_patient`: the last attempt ended in
    `invoice.payment_action_required`; `advice` is that of the last decline, None where it is not known. Smart Retries
    are not made after a hard decline, without a card, or once they are used up: then none is scheduled.
    """
    if status not in {"open", "uncollectible"}:
        return Standing.SETTLED if status in {"paid", "void"} else Standing.NOT_TRIED
    if status == "uncollectible":
        return Standing.GIVEN_UP
    if not attempted:
        return Standing.NOT_TRIED
    if asks_patient:
        return Standing.AUTHENTICATE
    if is_scheduled:
        return Standing.RETRY
    return _stuck(advice, has_card=has_card)


def _stuck(advice: Advice | None, *, has_card: bool) -> Standing:
    if advice is Advice.NEVER:
        return Standing.NEVER
    if advice is Advice.AUTHENTICATE:
        return Standing.AUTHENTICATE
    return Standing.NEW_CARD if advice is Advice.NEW_CARD or not has_card else Standing.GIVEN_UP


def message(found: Standing) -> Message | None:
    """Return what the patient is told; None where nothing is theirs to do, or a person speaks to them.

    A card that must never be tried again may be stolen: that is said by a person.
    """
    return _MESSAGES.get(found)
