"""Made-up rows of the marts of practices, feeds, contracts and runs, for the tests of their pages."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

Rows = list[dict[str, Any]]
RUN = UUID(int=0xDA65)
BEGAN = datetime(2026, 11, 1, 2, 30, tzinfo=UTC)
NORTH, SOUTH = "practice-1", "practice-2"
# Of the north 102 providers: two parts of a list.
PROVIDERS = 102


def _month(practice: str, period: str, **changes: Any) -> dict[str, Any]:
    return {
        "practice_id": practice,
        "period": period,
        "visits": 1300,
        "held_visits": 1100,
        "held_minutes": 52_815,
        "due_visits": 1200,
        "no_show_visits": 66,
        "late_cancelled_visits": 34,
        "cancelled_visits": 95,
        "open_visits": 5,
        "no_show_bp": Decimal("550.0000"),
        "late_cancel_bp": Decimal("283.3333"),
        "failed_visits": 9,
        "recovered_visits": 4,
        "failed_charge_cents": 123_456,
        "recovered_charge_cents": 61_728,
        "recovery_bp": Decimal("5000.0000"),
    } | changes


def practice_months() -> Rows:
    """Return months of a practice with calendars, one of them missing, and of one without."""
    calendars = {"offered_minutes": 90_000, "booked_minutes": 60_030, "utilisation_bp": Decimal("6670.0000")}
    patients = {"sign_ups": 40, "first_sessions": 31, "median_days_to_first_session": 6}
    return [
        _month(NORTH, "2026-09", **calendars, **patients),
        _month(NORTH, "2026-10", **calendars, **patients, held_visits=1210, held_minutes=60_000),
        _month(NORTH, "2026-07", held_visits=7, failed_charge_cents=0, recovered_charge_cents=0, recovery_bp=None),
        # Of the month to come nothing is due.
        _month(
            NORTH, "2026-11", held_visits=0, due_visits=0, open_visits=80, no_show_bp=None, late_cancel_bp=None,
            recovery_bp=None, held_minutes=0, **calendars,
        ),
        _month(SOUTH, "2026-10"),
    ]  # fmt: skip


def provider_months() -> Rows:
    """Return a month of the north's providers, each a minute busier than the one after."""
    return [
        {
            "practice_id": NORTH,
            "provider_id": f"provider-{number:03}",
            "period": "2026-10",
            "visits": 12,
            "held_visits": 11,
            "held_minutes": 1000 - number,
            "due_visits": 12,
            "no_show_visits": 1,
            "late_cancelled_visits": 0,
            "no_show_bp": Decimal("833.3333"),
            "late_cancel_bp": Decimal("0.0000"),
            "offered_minutes": 2000,
            "booked_minutes": 1000,
            "utilisation_bp": Decimal("5000.0000"),
        }
        for number in range(PROVIDERS)
    ]


def practice_ageing() -> Rows:
    """Return what is owed for the visits of both practices."""
    buckets = ("0-30", "31-60", "61-90", "91-120", "120+")
    return [
        {
            "as_of": date(2026, 11, 1),
            "practice_id": practice,
            "owed_by": owed_by,
            "bucket": bucket,
            "amount_cents": sign * (100_001 + 10 * place),
            "visits": 3,
        }
        for practice, sign in ((NORTH, 1), (SOUTH, -1))
        for owed_by in ("patients", "payers", "unbilled")
        for place, bucket in enumerate(buckets)
    ]


def feed_status() -> Rows:
    """Return feeds that are fresh, stale, without a contract, and never loaded."""
    of = {"visits": "visits", "stripe": "stripe_objects", "era": "remittances", "fees": "fees", "bank": "bank_deposits"}
    return [
        {
            "kind": kind,
            "asset": asset,
            "files": 0 if kind == "bank" else 120,
            "kept_rows": 0 if kind == "bank" else 1_000_000,
            "open_pieces": 3 if kind == "era" else 0,
            "newest_at": None if kind == "bank" else BEGAN,
            "files_waiting": 1 if kind == "stripe" else 0,
            "reaches_to": None if kind == "bank" else date(2026, 10, 31),
            "totals": None if kind == "bank" else {"rows": 1_000_000, "charge_cents": 9_876_543_210},
        }
        for kind, asset in of.items()
    ]


def feed_files() -> Rows:
    """Return more files than one part shows."""
    return [
        {
            "load_id": number,
            "kind": "era" if number % 2 else "visits",
            "file_sha256": f"{number:064x}",
            "loaded_at": BEGAN + timedelta(minutes=number),
            "byte_count": 12_345,
            "kept_rows": 40,
            "refused_pieces": number % 3,
            "entries": 38,
            "control": "paid" if number % 2 else "charge",
            "control_cents": -5 if number == 1 else 100 * number,
            "first_on": date(2026, 10, 1),
            "last_on": date(2026, 10, 31),
        }
        for number in range(1, 251)
    ]


def feed_partitions() -> Rows:
    """Return days of visits."""
    return [
        {
            "asset": "visits",
            "partition_key": str(date(2026, 5, 1) + timedelta(days=number)),
            "fingerprint": f"{number}-{number:x}",
            "recorded_at": BEGAN + timedelta(seconds=number),
        }
        for number in range(150)
    ]


def contract_results() -> Rows:
    """Return contracts that are kept and two that are broken, one of them blocking."""
    plain = {
        "asset": "visits",
        "table_name": "visit",
        "severity": "warning",
        "sentence": "nothing newer than 35 days before the as-of day; a file may be missing.",
        "is_kept": True,
        "broken_rows": 0,
        "is_of_all_rows": False,
        "judged_at": BEGAN,
        "run_id": RUN,
        "broken_since": None,
    }
    example = {"visit_token": str(UUID(int=5)), "row_number": 7, "charge_cents": -1}
    negative = "charge_cents is below zero. Correct the file and load it again."
    broken = {"is_kept": False, "broken_since": BEGAN - timedelta(days=2)}
    return [
        {**plain, "contract": "visit_is_fresh", "examples": "[]"},
        {**plain, **broken, "contract": "stripe_object_is_fresh", "asset": "stripe_objects", "examples": "[]"},
        {
            **plain, **broken, "contract": "visit_charge_cents_is_not_negative", "severity": "blocking",
            "sentence": negative, "broken_rows": 1, "examples": json.dumps([example]),
        },
    ]  # fmt: skip


def reconcile_runs() -> Rows:
    """Return a run that a contract blocked, after one that went well."""
    plain = {"as_of": date(2026, 11, 1), "loaded_through": 250, "is_whole": False}
    return [
        {
            **plain,
            "run_id": UUID(int=1),
            "started_at": BEGAN - timedelta(days=1),
            "finished_at": BEGAN - timedelta(days=1, seconds=-61),
            "status": "succeeded",
            "memo_count": 659,
            "warnings": json.dumps(["raw.era_claim: 62 rows: a claim names no visit."]),
            "sentence": None,
        },
        {
            **plain,
            "run_id": RUN,
            "started_at": BEGAN,
            "finished_at": BEGAN + timedelta(seconds=9),
            "status": "blocked",
            "memo_count": None,
            "warnings": "[]",
            "sentence": "Nothing was published: raw.visit: 1 row: charge_cents is below zero.",
        },
    ]


def books() -> dict[str, Rows]:
    """Return the rows by mart."""
    return {
        "practice_months": practice_months(),
        "provider_months": provider_months(),
        "practice_ageing": practice_ageing(),
        "feed_status": feed_status(),
        "feed_files": feed_files(),
        "feed_partitions": feed_partitions(),
        "contract_results": contract_results(),
        "reconcile_runs": reconcile_runs(),
    }
