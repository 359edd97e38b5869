"""What an administrator sets: visit types, payers and their estimates, and what each provider offers and may do."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import sqlalchemy as sa

from ledger.rules.visit_fields import OWED_BY, SERVICE_CODE
from portal_api import audit
from portal_api.problems import Problem
from portal_api.store.rows import made

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from portal_api.here import Here

BOUNDS = {
    "minutes": (5, 480), "buffer_before": (0, 120), "buffer_after": (0, 120), "step": (5, 240), "capacity": (1, 100),
    "lead_minutes": (0, 43_200), "horizon_days": (1, 365),
}  # fmt: skip
"""The least and the most of each number of a visit type."""
NUMBERS = tuple(BOUNDS)
VISIT_TYPE = ("name", "kind", "for_whom", "service_code", "charge_cents", "is_active", *NUMBERS)
_KEEP_TYPE = sa.text(
    f"insert into portal.visit_type (practice_id, id, {', '.join(VISIT_TYPE)})"
    f" values (:practice_id, :id, {', '.join(f':{name}' for name in VISIT_TYPE)})"
    f" on conflict (practice_id, id) do update set ({', '.join(VISIT_TYPE)})"
    f" = ({', '.join(f'excluded.{name}' for name in VISIT_TYPE)})"
)
_TYPES = sa.text("select to_jsonb(t) from portal.visit_type as t order by is_active desc, name, id")
_PROVIDERS = sa.text("""
select
    p.id, p.ledger_id, p.name, p.credentials, p.accepts_new, p.is_active, c.id, c.time_zone,
    array(select visit_type_id from portal.offered as o where o.provider_id = p.id),
    array(select payer_id from portal.payer_accepted as a where a.provider_id = p.id),
    array(select state from portal.licence as l where l.provider_id = p.id order by state),
    array(select expires_on from portal.licence as l where l.provider_id = p.id order by state)
from portal.provider as p inner join portal.calendar as c on c.provider_id = p.id
order by p.name, p.id
""")
_MISSING = sa.text(
    "select s.provider_id, s.name from portal.staff as s where s.provider_id is not null and s.disabled_at is null"
    " and not exists (select from portal.provider as p where p.ledger_id = s.provider_id) order by s.name"
)
_KEEP_PROVIDER = sa.text(
    "update portal.provider set name = :name, credentials = :credentials, accepts_new = :accepts_new,"
    " is_active = :is_active where id = :id"
)


@dataclass(frozen=True)
class Provider:
    """A provider with the calendar, and what they offer, accept and are licensed for."""

    id: UUID
    ledger_id: str
    name: str
    credentials: str
    accepts_new: bool
    is_active: bool
    calendar_id: UUID
    time_zone: str
    visit_types: Sequence[UUID]
    payers: Sequence[str]
    states: Sequence[str]
    expiries: Sequence[date]

    @property
    def licences(self) -> list[tuple[str, date]]:
        """States with the last day of the licence."""
        return list(zip(self.states, self.expiries, strict=True))


def visit_types(here: Here) -> list[dict[str, object]]:
    """Return every visit type, those that are no longer offered too."""
    return list(here.db.scalars(_TYPES))


def keep_visit_type(here: Here, visit_type_id: UUID | None, values: Mapping[str, object]) -> UUID:
    """Write a visit type, new without an id; what is booked keeps the price and the length it has.

    Raises Problem 422 (no-offer) for a service code that the books would not take: what was charged would be lost.
    """
    if not SERVICE_CODE.fullmatch(str(values["service_code"])):
        raise no_offer("A service code is a CPT or HCPCS code: five characters, such as 99213 or G2012.")
    place = visit_type_id or uuid4()
    kind = "group" if values["capacity"] != 1 else "intake" if values["for_whom"] == "new" else "follow_up"
    mine = {"id": place, "practice_id": here.practice.practice_id, "kind": kind}
    here.db.execute(_KEEP_TYPE, {**values, **mine})
    audit.record(here, "visit_type.changed", f"visit_type/{place}")
    return place


def estimates(here: Here, payer_id: str) -> dict[UUID, int]:
    """Return what a payer's patients are expected to pay, by visit type, in cents."""
    query = sa.text("select visit_type_id, patient_estimate_cents from portal.payer_estimate where payer_id = :id")
    return {row.visit_type_id: row.patient_estimate_cents for row in here.db.execute(query, {"id": payer_id})}


def keep_payer(here: Here, payer_id: str, label: str, cents: Mapping[UUID, int]) -> None:
    """Write a payer and its estimates; where there is none, the patient is expected to pay the whole charge.

    Raises Problem 422 (no-offer) for an id that the books would not take: what was charged would be lost.
    """
    if payer_id in OWED_BY or not payer_id.isprintable():
        raise no_offer("The books use that word for what no insurer owes: write the payer id of its claims.")
    mine = {"practice_id": here.practice.practice_id, "payer_id": payer_id}
    here.db.execute(
        sa.text(
            "insert into portal.payer (practice_id, id, label) values (:practice_id, :payer_id, :label)"
            " on conflict (practice_id, id) do update set label = excluded.label"
        ),
        {**mine, "label": label},
    )
    here.db.execute(sa.text("delete from portal.payer_estimate where payer_id = :payer_id"), mine)
    _insert(
        here,
        "payer_estimate",
        [{"payer_id": payer_id, "visit_type_id": kind, "patient_estimate_cents": each} for kind, each in cents.items()],
    )
    audit.record(here, "payer.changed", "payer/of_practice")


def providers(here: Here) -> list[Provider]:
    """Return every provider with a calendar."""
    return made(Provider, here.db.execute(_PROVIDERS))


def missing(here: Here) -> list[tuple[str, str]]:
    """Return providers among the staff, id and name, who have no calendar yet."""
    return [(row.provider_id, row.name) for row in here.db.execute(_MISSING)]


def add_provider(here: Here, ledger_id: str) -> UUID:
    """Give a provider among the staff a calendar without hours. Raises LookupError for nobody who lacks one."""
    name = dict(missing(here)).get(ledger_id)
    if name is None:
        raise LookupError("There is no such provider without a calendar.")
    place = uuid4()
    plain, _, credentials = name.partition(", ")
    _insert(here, "provider", [{"id": place, "ledger_id": ledger_id, "name": plain, "credentials": credentials}])
    _insert(here, "calendar", [{"id": uuid4(), "provider_id": place, "time_zone": here.practice.time_zone}])
    audit.record(here, "provider.added", f"provider/{place}")
    return place


def keep_provider(here: Here, provider: Provider) -> None:
    """Write a provider as they are to be; what is booked stays booked."""
    here.db.execute(
        _KEEP_PROVIDER,
        {name: getattr(provider, name) for name in ("id", "name", "credentials", "accepts_new", "is_active")},
    )
    here.db.execute(
        sa.text("update portal.calendar set time_zone = :time_zone where id = :calendar_id"),
        {"time_zone": provider.time_zone, "calendar_id": provider.calendar_id},
    )
    mine = {"provider_id": provider.id}
    for table in ("offered", "payer_accepted", "licence"):
        here.db.execute(sa.text(f"delete from portal.{table} where provider_id = :provider_id"), mine)
    _insert(here, "offered", [{**mine, "visit_type_id": each} for each in provider.visit_types])
    _insert(here, "payer_accepted", [{**mine, "payer_id": each} for each in provider.payers])
    _insert(here, "licence", [{**mine, "state": state, "expires_on": day} for state, day in provider.licences])
    audit.record(here, "provider.changed", f"provider/{provider.id}")


def no_offer(sentence: str) -> Problem:
    """Return the answer to what cannot be offered so."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no-offer", sentence)


def _insert(here: Here, table: str, rows: list[dict[str, object]]) -> None:
    if rows:
        names = ("practice_id", *rows[0])
        values = [{"practice_id": here.practice.practice_id, **row} for row in rows]
        places = ", ".join(f":{name}" for name in names)
        here.db.execute(sa.text(f"insert into portal.{table} ({', '.join(names)}) values ({places})"), values)
