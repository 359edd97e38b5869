"""Writes the agendas of the slot oracle into a database, a statement a table, and asks its slot functions."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from portal_api.sample import HARBOR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import psycopg

    from tests.support.slot_oracle import Agenda, Asked, Kind, Span

PRACTICE = HARBOR.practice.practice_id
Rows = defaultdict[str, list[dict[str, object]]]
# A practice first, then what refers to it.
ORDER = (
    *("patient", "provider", "visit_type", "payer", "calendar", "offered", "licence", "payer_accepted"),
    *("weekly_hours", "special_hours", "time_off", "appointment"),
)


def write(connection: psycopg.Connection, agendas: Sequence[Agenda], kind: Kind, asked: Asked) -> tuple[UUID, UUID]:
    """Write the agendas, the visit type and who asks; returns the ids of the visit type and of the patient."""
    rows: Rows = defaultdict(list)
    visit_type = a_visit_type(rows, kind)
    for payer in sorted({payer for agenda in agendas for payer in agenda.payers}):
        rows["payer"].append({"id": payer, "label": payer})
    for agenda in agendas:
        _of_provider(rows, agenda, visit_type)
        _of_calendar(rows, agenda)
        _of_appointments(rows, agenda, visit_type)
    patient = a_patient(rows)
    for visit in asked.elsewhere:
        _appointment(rows, a_calendar(rows), visit_type, visit, visit, patient_id=patient)
    insert(connection, rows)
    return visit_type, patient


def insert(connection: psycopg.Connection, rows: Rows) -> None:
    """Write rows of the portal's tables for the one practice of these tests."""
    for table in sorted(rows, key=ORDER.index):
        columns = ", ".join(rows[table][0])
        connection.execute(
            f"insert into portal.{table} (practice_id, {columns})"
            f" select '{PRACTICE}', {columns} from json_populate_recordset(null::portal.{table}, %s)".encode(),
            (json.dumps(rows[table], default=str),),
        )


def open_slots(
    connection: psycopg.Connection, agendas: Sequence[Agenda], visit_type: UUID, patient: UUID, asked: Asked
) -> dict[UUID, list[datetime]]:
    """Ask the database, as the product does; every calendar has its starts, in order."""
    found: dict[UUID, list[datetime]] = {agenda.id: [] for agenda in agendas}
    rows = connection.execute(
        "select calendar_id, starts_at from portal.open_slots(%s, %s, %s, %s, %s, %s, %s, %s, %s, null) order by 1, 2",
        (list(found), visit_type, *_said(asked), patient),
    )
    for calendar_id, starts_at in rows:
        found[calendar_id].append(starts_at)
    return found


def why_not(
    connection: psycopg.Connection, agenda: Agenda, visit_type: UUID, patient: UUID, asked: Asked
) -> dict[datetime, list[str]]:
    """Ask the database for the reasons of a calendar's times."""
    rows = connection.execute(
        "select starts_at, reasons from portal.why_not(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (agenda.id, visit_type, *_said(asked), patient),
    ).fetchall()
    assert len({row[0] for row in rows}) == len(rows)
    return dict(rows)


def _said(asked: Asked) -> tuple[object, ...]:
    return asked.since, asked.until, asked.at, asked.payer, asked.state, asked.is_new


def a_visit_type(rows: Rows, kind: Kind) -> UUID:
    """Add a visit type."""
    made = uuid4()
    rows["visit_type"].append(
        {
            "id": made,
            "name": "A visit",
            "kind": "group" if kind.capacity > 1 else "follow_up",
            "minutes": kind.minutes,
            "buffer_before": kind.before,
            "buffer_after": kind.after,
            "step": kind.step,
            "for_whom": kind.for_whom,
            "capacity": kind.capacity,
            "lead_minutes": kind.lead,
            "horizon_days": kind.horizon,
            "service_code": "90834",
            "charge_cents": 15000,
            "is_active": True,
        }
    )
    return made


def a_patient(rows: Rows) -> UUID:
    """Add a patient of whom nothing is known."""
    made = uuid4()
    rows["patient"].append(
        {
            "id": made,
            "patient_token": uuid4(),
            "email": f"{made}@example.com",
            "phone": "",
            "given_name": "A",
            "family_name": "Patient",
            "is_established": False,
            "created_at": "2026-01-01T00:00Z",
        }
    )
    return made


def a_calendar(rows: Rows) -> UUID:
    """Add a calendar with a provider who offers nothing; both have one id."""
    made = uuid4()
    rows["provider"].append({"id": made, "ledger_id": made, "name": "Somebody", "accepts_new": True, "is_active": True})
    rows["calendar"].append({"id": made, "provider_id": made, "time_zone": "UTC"})
    return made


def _of_provider(rows: Rows, agenda: Agenda, visit_type: UUID) -> None:
    mine = {"provider_id": agenda.id}
    known = {"id": agenda.id, "ledger_id": agenda.id, "name": "Somebody"}
    rows["provider"].append({**known, "accepts_new": agenda.accepts_new, "is_active": agenda.is_active})
    if agenda.offers:
        rows["offered"].append({**mine, "visit_type_id": visit_type})
    rows["licence"] += [{**mine, "state": state, "expires_on": day} for state, day in agenda.licences.items()]
    rows["payer_accepted"] += [{**mine, "payer_id": payer} for payer in agenda.payers]
    for table in ("licence", "payer_accepted"):
        if not rows[table]:
            del rows[table]


def _of_calendar(rows: Rows, agenda: Agenda) -> None:
    mine = {"calendar_id": agenda.id}
    rows["calendar"].append({"id": agenda.id, "provider_id": agenda.id, "time_zone": agenda.zone})
    for weekday, begins, ends in agenda.weekly:
        hours = {"id": uuid4(), "weekday": weekday, "from_minute": begins, "to_minute": ends}
        rows["weekly_hours"].append(mine | hours)
    for day in agenda.special:
        hours = {"on_date": day.on_date, "kind": day.kind, "from_minute": day.from_minute, "to_minute": day.to_minute}
        rows["special_hours"].append({**mine, "id": uuid4(), **hours})
    for begins, ends in agenda.off:
        rows["time_off"].append({**mine, "id": uuid4(), "off_from": begins, "off_to": ends})


def _of_appointments(rows: Rows, agenda: Agenda, visit_type: UUID) -> None:
    for taken in agenda.taken:
        more = {"patient_id": a_patient(rows), "hold_expires_at": taken.expires}
        _appointment(rows, agenda.id, visit_type, taken.visit, taken.busy, **more)
    for session in agenda.sessions:
        seats = {"capacity": session.capacity, "taken": len(session.seats)}
        made = _appointment(rows, agenda.id, visit_type, session.visit, session.visit, **seats)
        for expires in session.seats:
            more = {"patient_id": a_patient(rows), "hold_expires_at": expires, "session_id": made}
            _appointment(rows, agenda.id, visit_type, session.visit, session.visit, **more)


def _appointment(rows: Rows, calendar: UUID, visit_type: UUID, visit: Span, busy: Span, **more: object) -> UUID:
    made = uuid4()
    held = more.get("hold_expires_at") is not None
    blank = dict.fromkeys(("patient_id", "session_id", "hold_expires_at", "capacity", "taken"))
    rows["appointment"].append(
        {
            "id": made,
            "calendar_id": calendar,
            "visit_type_id": visit_type,
            "visit": _range(visit),
            "busy": _range(busy),
            "status": "held" if held else "booked",
            "visit_token": uuid4() if more.get("patient_id") and not held else None,
            "patient_state": "NY",
            "patient_time_zone": "UTC",
            **dict.fromkeys(("charge_cents", "cancel_hours", "late_cancel_fee_cents", "no_show_fee_cents"), 0),
            "partial_visit": "none",
            "accepted_at": None if held else "2026-01-01T00:00Z",
            **(blank | more),
        }
    )
    return made


def _range(span: Span) -> str:
    return f"[{span[0].isoformat()},{span[1].isoformat()})"
