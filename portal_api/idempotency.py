"""A write that a program sends twice under one Idempotency-Key is done once, and answered twice the same."""

from __future__ import annotations

import hashlib
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import sqlalchemy as sa
from fastapi import Header
from fastapi.responses import JSONResponse

from portal_api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from portal_api.here import Here

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=128, pattern=r"^[\x21-\x7e]+$")]
_CLAIM = sa.text(
    "insert into portal.idempotent (practice_id, person_id, key, request_sha256, created_at)"
    " values (:practice_id, :person_id, :key, :request, :now) on conflict do nothing returning key"
)
_ANSWERED = sa.text(
    "select request_sha256, status, answer from portal.idempotent where person_id = :person_id and key = :key"
)
_ANSWER = sa.text(
    "update portal.idempotent set status = :status, answer = cast(:answer as json)"
    " where person_id = :person_id and key = :key"
)
_FORGET = sa.text("delete from portal.idempotent where created_at < cast(:now as timestamptz) - interval '7 days'")


def once(
    here: Here, key: str | None, request: object, work: Callable[[], BaseModel], status: HTTPStatus = HTTPStatus.CREATED
) -> JSONResponse:
    """Do the work and answer with what it returns; what was done under this key by this person is answered again.

    `request` is what was asked, with its path: the same key for something else is refused (422). What raises is not
    kept, and may be sent again under its key. One of two at once waits for the other.
    """
    if key is None:
        return JSONResponse(work().model_dump(mode="json"), status)
    asked = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).digest()
    mine = {"person_id": here.me.id, "key": key}
    claim = {**mine, "practice_id": here.practice.practice_id, "request": asked, "now": here.now}
    if here.db.scalar(_CLAIM, claim) is None:
        before = here.db.execute(_ANSWERED, mine).one()
        if bytes(before.request_sha256) != asked:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "key-reused", "This Idempotency-Key was used for something else."
            )
        return JSONResponse(before.answer, before.status, {"Idempotency-Replayed": "true"})
    answer = work().model_dump(mode="json")
    here.db.execute(_ANSWER, {**mine, "status": status, "answer": json.dumps(answer)})
    return JSONResponse(answer, status)


def forget(here: Here) -> None:
    """Forget answers of more than a week ago."""
    here.db.execute(_FORGET, {"now": here.now})
