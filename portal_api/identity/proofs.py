"""What a browser proved a moment ago and has not finished with: sealed into its own form, of no use to another."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag

from portal_api.problems import Problem, not_found

if TYPE_CHECKING:
    from portal_api.here import Here

LASTS = timedelta(minutes=10)


def give(here: Here, purpose: str, value: str) -> str:
    """Return a proof of `value` for a hidden field of a form, good for ten minutes in this browser."""
    document = json.dumps([value, (here.now + LASTS).isoformat()])
    return base64.urlsafe_b64encode(here.keys.seal(document.encode(), *_place(here, purpose))).decode()


def taken(here: Here, purpose: str, proof: str | None = None) -> str:
    """Return what a proof (default: the form's) proves; 404 where it is none, 400 where it is too old."""
    try:
        sealed = base64.urlsafe_b64decode(here.form.get("proof") if proof is None else proof)
        value, until = json.loads(here.keys.unseal(sealed, *_place(here, purpose)))
    except (ValueError, InvalidTag):
        raise not_found() from None
    if here.now >= datetime.fromisoformat(until):
        raise Problem(HTTPStatus.BAD_REQUEST, "form-expired", "This form is too old. Please sign in once more.")
    return str(value)


def _place(here: Here, purpose: str) -> tuple[str, ...]:
    return (purpose, here.practice.practice_id, here.browser.token)
