"""The CSV files of a sample month: visits, fees, practices and bank deposits."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.world.adjudication import Book
from sandbox.world.catalog import PRACTICES, Fee
from sandbox.world.stripe_shapes import Json
from sandbox.world.visits import Visit
from sandbox.world.x12 import Remit

VISIT_COLUMNS = (
    "visit_token", "claim_ref", "practice_id", "provider_id", "state", "service_code", "modifiers", "units",
    "place_of_service", "scheduled_start", "scheduled_end", "started_at", "ended_at", "payer_id", "charge_cents",
    "patient_estimate_cents", "state_changed_at",
)  # fmt: skip
DEPOSIT_COLUMNS = ("deposit_id", "deposited_on", "amount_cents", "trace_number", "description")
RECENT_DAYS = 10


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write a CSV file; None becomes an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def observations(visits: list[Visit]) -> list[Sequence[object]]:
    """Return the observations in the order they were made: booked, started (of some), closed."""
    found = []
    for at, visit in enumerate(visits):
        if visit.state != "scheduled" and at % 5:
            found.append((visit.booked_at, _observed(visit, "scheduled", 0, visit.booked_at.isoformat())))
        if visit.ended_at and visit.started_at and at % 4 == 0:
            found.append((visit.started_at, _observed(visit, "started", 1, visit.started_at.isoformat())))
        if visit.state == "disputed":
            earlier = visit.closed_at - timedelta(minutes=1)
            found.append((earlier, _observed(visit, "completed", 2, earlier.isoformat())))
        found.append((visit.closed_at, _observed(visit, visit.state, 2, visit.closed_at.isoformat())))
    return [row for _, row in sorted(found, key=lambda item: (item[0], item[1][0]))]


def _observed(visit: Visit, state: str, known: int, changed: str) -> Sequence[object]:
    times = [moment.isoformat() if moment else None for moment in (visit.started_at, visit.ended_at)]
    shown = [time if at < known else None for at, time in enumerate(times)]
    payer = visit.patient.payer
    return (
        visit.token, visit.claim_ref, visit.patient.practice.practice_id, visit.provider_id, state, visit.service.code,
        visit.modifiers, visit.units, visit.place, visit.scheduled_start.isoformat(), visit.scheduled_end.isoformat(),
        *shown, payer.payer_id if payer else None, visit.charge_cents, visit.estimate_cents, changed,
    )  # fmt: skip


def fees(path: Path, rows: list[Fee]) -> Path:
    """Write fees.csv."""
    columns = ("payer_id", "service_code", "modifiers", "place_of_service", "effective_from", "effective_to")
    cells = ([*(getattr(row, name) for name in columns), row.allowed_cents] for row in rows)
    return write(path, (*columns, "allowed_cents"), cells)


def practices(path: Path) -> Path:
    """Write practices.csv."""
    columns = ("practice_id", "no_show_fee_cents", "late_cancel_fee_cents", "partial_visit")
    return write(path, columns, ([getattr(practice, name) for name in columns] for practice in PRACTICES))


def bank(book: Book, path: Path, remits: list[Remit], payouts: list[Json]) -> Path:
    """Write bank.csv: one EFT missing, one short, one unexpected, one too recent; payouts carry no trace number.

    The checks of one day come as one deposit without any number.
    """
    eft = [remit for remit in remits if remit.method == "ACH"]
    old = [remit for remit in eft if (book.as_of - remit.paid_on).days > RECENT_DAYS + 3]
    missing, short = book.draw.some(old, 2)
    recent = max(eft, key=lambda remit: remit.paid_on)
    for remit in (missing, short):
        book.leak("eft_missing", remit.trn, remit.cents)
    rows: list[Sequence[object]] = []
    for remit in eft:
        if remit not in (missing, recent):
            cents = remit.cents - (1250 if remit is short else 0)
            rows.append((remit.paid_on + timedelta(days=1), cents, remit.trn, "HCCLAIMPMT"))
    rows.append((old[0].paid_on + timedelta(days=2), 48215, "7990000001", "HCCLAIMPMT"))
    rows.append(_checks([remit for remit in remits if remit.method == "CHK"]))
    rows.extend(
        (datetime.fromtimestamp(made["arrival_date"], UTC).date(), made["amount"], None, "STRIPE TRANSFER")
        for made in payouts
    )
    rows.sort(key=lambda row: (str(row[0]), str(row[2]), str(row[1])))
    return write(path, DEPOSIT_COLUMNS, ((f"DEP-{at:05d}", *row) for at, row in enumerate(rows, 1)))


def _checks(checks: list[Remit]) -> Sequence[object]:
    """Return the deposit of all checks of the first day on which several came."""
    days = Counter(remit.paid_on for remit in checks)
    day = min(day for day, count in days.items() if count > 1)
    return (day + timedelta(days=1), sum(remit.cents for remit in checks if remit.paid_on == day), None, "LOCKBOX")
