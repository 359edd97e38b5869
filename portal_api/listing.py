"""Long lists a page at a time: where a page ended, as a word that programs hand back."""

from __future__ import annotations

import base64
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from portal_api.problems import Problem


def cursor(at: datetime, row_id: UUID) -> str:
    """Return the word for a page that ended with this row."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {row_id}".encode()).decode().rstrip("=")


def place(word: str | None) -> tuple[datetime, UUID] | None:
    """Return the row that a page ended with; None begins at the beginning. Raises 400 for a word that is not ours."""
    if not word:
        return None
    try:
        at, _, row_id = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode().partition(" ")
        found = datetime.fromisoformat(at), UUID(row_id)
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "no-cursor", "Use the word that the page before ended with.") from None
    if found[0].tzinfo is None:
        raise Problem(HTTPStatus.BAD_REQUEST, "no-cursor", "Use the word that the page before ended with.")
    return found
