"""A patient's insurance: member and group number, and whose the policy is; sealed, and never outside of the portal."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal_api import audit
from portal_api.problems import Problem

if TYPE_CHECKING:
    from uuid import UUID

    from portal_api.here import Here

RELATIONS = {"self": "Mine", "spouse": "My spouse's or partner's", "parent": "My parent's", "other": "Somebody else's"}
LONGEST = 80
_KEEP = sa.text(
    "insert into portal.insurance (practice_id, patient_id, payer_id, sealed, said_at)"
    " values (:practice_id, :patient_id, :payer_id, :sealed, :now)"
    " on conflict (practice_id, patient_id, payer_id) do update"
    " set (sealed, said_at) = (excluded.sealed, excluded.said_at)"
)
_READ = sa.text(
    "select payer_id, sealed from portal.insurance where practice_id = :practice_id and patient_id = :patient_id"
    " order by said_at desc, payer_id"
)


@dataclass(frozen=True)
class Insurance:
    """What stands on the card of an insurer; `relation` is one of RELATIONS, `group_number` may be empty."""

    payer_id: str
    member_number: str
    group_number: str
    relation: str
    holder_name: str


def keep(here: Here, said: Insurance) -> None:
    """Keep the insurance of the patient who is here, in place of what was kept for the payer.

    Raises 422 (no-insurance) for what cannot be; the payer is one of the practice's.
    """
    texts = (said.member_number, said.group_number, said.holder_name)
    if not said.member_number or said.relation not in RELATIONS or max(map(len, texts)) > LONGEST:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "no-insurance", "Please give the member number, and whose policy it is."
        )
    if said.relation != "self" and not said.holder_name:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "no-holder", "Please give the name of the person whose policy it is."
        )
    plain = json.dumps(asdict(said)).encode()
    sealed = here.keys.seal(plain, *_place(here, here.me.id, said.payer_id))
    values = {"practice_id": here.practice.practice_id, "patient_id": here.me.id, "payer_id": said.payer_id}
    here.db.execute(_KEEP, {**values, "sealed": sealed, "now": here.now})
    audit.record(here, "insurance.kept", f"patient/{here.me.id}")


def payers_known(here: Here, patient_id: UUID) -> set[str]:
    """Return the payers for which a patient gave details; opens none of them."""
    return {row.payer_id for row in here.db.execute(_READ, _whose(here, patient_id))}


def of_patient(here: Here, patient_id: UUID) -> list[Insurance]:
    """Return what a patient said of each payer, the newest first."""
    rows = here.db.execute(_READ, _whose(here, patient_id)).all()
    return [
        Insurance(**json.loads(here.keys.unseal(bytes(row.sealed), *_place(here, patient_id, row.payer_id))))
        for row in rows
    ]


def _whose(here: Here, patient_id: UUID) -> dict[str, object]:
    return {"practice_id": here.practice.practice_id, "patient_id": patient_id}


def _place(here: Here, patient_id: UUID, payer_id: str) -> tuple[str, ...]:
    return ("insurance", here.practice.practice_id, str(patient_id), payer_id)
