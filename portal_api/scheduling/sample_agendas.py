"""Made-up hours, visit types and payers for the sample practices: what can be booked in `trueup up` and the tests."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

import sqlalchemy as sa

from portal_api.scheduling import groups, hours
from portal_api.scheduling.hours import Hours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal_api.here import Here

# name, kind, minutes, buffer after, step, for whom, seats, code, category, cents
VISIT_TYPES = (
    ("First visit", "intake", 60, 10, 30, "new", 1, "90791", 29000),
    ("Follow-up", "follow_up", 45, 10, 15, "established", 1, "90834", 16500),
    ("Stress group", "group", 60, 0, 30, "anyone", 6, "90853", 4500),
)
# Those of the sample month; what is left to the patient of a visit's price is a made-up part of it.
PAYERS = (("PAY-7KQ2", "Sample Health Plan One", 15), ("PAY-M4TD", "Sample Health Plan Two", 25))
STATES = {"America/New_York": ("NY", "MA", "CT"), "America/Los_Angeles": ("OR", "WA", "CA")}
THURSDAY = 3
LICENSED_UNTIL = date(2030, 12, 31)
MORNING, AFTERNOON = Hours(9 * 60, 12 * 60), Hours(13 * 60, 17 * 60)
_COLUMNS = {
    "visit_type": (
        *("id", "name", "kind", "minutes", "buffer_after", "step", "for_whom", "capacity", "service_code"),
        "charge_cents",
    ),
    "payer": ("id", "label"),
    "payer_estimate": ("payer_id", "visit_type_id", "patient_estimate_cents"),
    "provider": ("id", "ledger_id", "name", "credentials"),
    "calendar": ("id", "provider_id", "time_zone"),
    "licence": ("provider_id", "state", "expires_on"),
    "offered": ("provider_id", "visit_type_id"),
    "payer_accepted": ("provider_id", "payer_id"),
}


def fill(here: Here, providers: Sequence[tuple[str, str]]) -> None:
    """Give the practice visit types and payers, and each provider (id and name) a working week; what is there stays."""
    if here.db.execute(sa.text("select from portal.visit_type limit 1")).first() is not None:
        return
    kinds = {made[0]: _id(here, made[0]) for made in VISIT_TYPES}
    _insert(here, "visit_type", [(kinds[made[0]], *made) for made in VISIT_TYPES])
    _insert(here, "payer", [made[:2] for made in PAYERS])
    _insert(
        here,
        "payer_estimate",
        [(payer, kinds[made[0]], made[-1] * percent // 100) for payer, _, percent in PAYERS for made in VISIT_TYPES],
    )
    for place, provider in enumerate(providers):
        calendar = _provider(here, provider, list(kinds.values()), place)
        if place == len(providers) - 1:
            _sessions(here, calendar, kinds["Stress group"])


def _provider(here: Here, provider: tuple[str, str], kinds: list[UUID], place: int) -> UUID:
    """Make a provider: the first takes every payer, the second only the first one, and works half the week."""
    ledger_id, whole_name = provider
    mine, calendar = _id(here, ledger_id), _id(here, f"{ledger_id}/calendar")
    name, _, credentials = whole_name.partition(", ")
    zone = here.practice.time_zone
    _insert(here, "provider", [(mine, ledger_id, name, credentials)])
    _insert(here, "calendar", [(calendar, mine, zone)])
    _insert(here, "licence", [(mine, state, LICENSED_UNTIL) for state in STATES[zone][: 3 - place]])
    _insert(here, "offered", [(mine, kind) for kind in kinds])
    _insert(here, "payer_accepted", [(mine, payer) for payer, *_ in PAYERS[: len(PAYERS) - place]])
    days = range(1, 6) if place == 0 else range(3, 6)
    hours.keep_week(here, calendar, [(day, each) for day in days for each in (MORNING, AFTERNOON)])
    return calendar


def _sessions(here: Here, calendar: UUID, kind: UUID) -> None:
    """Set the group's sessions, after hours on four Thursdays to come."""
    first = here.now.date() + timedelta(days=1)
    first += timedelta(days=(THURSDAY - first.weekday()) % 7)
    for week in range(4):
        groups.add(here, calendar, kind, datetime.combine(first + timedelta(weeks=week), time(18)))


def _id(here: Here, name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"trueup:sample/{here.practice.practice_id}/{name}")


def _insert(here: Here, table: str, rows: Sequence[Sequence[object]]) -> None:
    names = _COLUMNS[table]
    values = [{"practice_id": here.practice.practice_id, **dict(zip(names, row, strict=True))} for row in rows]
    places = ", ".join(f":{name}" for name in ("practice_id", *names))
    here.db.execute(sa.text(f"insert into portal.{table} (practice_id, {', '.join(names)}) values ({places})"), values)
