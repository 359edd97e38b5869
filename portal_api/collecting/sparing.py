"""A hold for hardship on a visit: nothing is charged for it and nothing said, until staff end it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from ledger.store import collecting, holds
from ledger.store.holds import Whom
from portal_api import audit
from portal_api.collecting import points
from portal_api.problems import Problem

if TYPE_CHECKING:
    from uuid import UUID

    from portal_api.here import Here


def hold(here: Here, visit_token: UUID, reason: str) -> None:
    """Hold a visit; one that is held already stays as it is. Raises Problem 422 without a reason."""
    said = points.words_of(reason)
    whom = Whom(visit_token=visit_token)
    collecting.hold(here.books, whom, here.practice.practice_id, said, points.me(here))
    audit.record(here, "visit.held", f"visit/{visit_token}")


def end(here: Here, visit_token: UUID, reason: str) -> None:
    """End the hold on a visit. Raises Problem: 409 where none lasts, 422 without a reason."""
    said = points.words_of(reason)
    try:
        collecting.release(here.books, Whom(visit_token=visit_token), said, points.me(here))
    except holds.NoSuchHold:
        raise Problem(HTTPStatus.CONFLICT, "not-held", "No hold lasts on this visit.") from None
    audit.record(here, "visit.hold_ended", f"visit/{visit_token}")
