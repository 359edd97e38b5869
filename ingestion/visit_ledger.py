"""Loads the visit ledger: each row is one observation of a visit; the newest is the visit as it stands."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from ingestion import landing, table_file, values, verdicts
from ingestion.feed import Load, Progress, load_file
from ingestion.landing import Quarantined, Receipt
from ingestion.table_file import Column, Problem, Values
from ledger.rules.showing import Refused
from ledger.rules.visit import State
from ledger.rules.visit_fields import OWED_BY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KIND = "visits"


def _state(value: str) -> str:
    if value not in _STATES:
        raise Refused(f"is no state of a visit; write one of {', '.join(_STATES)}")
    return value


def _payer(value: str) -> str:
    if value in OWED_BY:
        raise Refused(
            "is the books' own word for who owes what is open; leave it empty where the patient pays,"
            " else give the payer's identifier"
        )
    return values.opaque(value)


_STATES = [state.value for state in State]

# In the order of the contract, which is also the order of the canonical row.
COLUMNS = (
    Column("visit_token", values.uuid),
    Column("claim_ref", values.claim_ref, may_be_empty=True),
    Column("practice_id", values.opaque),
    Column("provider_id", values.opaque),
    Column("state", _state),
    Column("service_code", values.service_code),
    Column("modifiers", values.modifiers, may_be_empty=True, may_be_absent=True),
    Column("units", values.units, may_be_empty=True, may_be_absent=True),
    Column("place_of_service", values.place_of_service),
    Column("scheduled_start", values.instant),
    Column("scheduled_end", values.instant),
    Column("started_at", values.instant, may_be_empty=True),
    Column("ended_at", values.instant, may_be_empty=True),
    Column("payer_id", _payer, may_be_empty=True),
    Column("charge_cents", values.cents),
    Column("patient_estimate_cents", values.cents, may_be_empty=True),
    Column("state_changed_at", values.instant),
)
_NAMES = [column.name for column in COLUMNS]
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TIMES = ("scheduled_start", "scheduled_end", "started_at", "ended_at")
_STORED = (*_NAMES, "row_sha256", "file_sha256", "row_number", "load_id")

_TAKE_CLAIM_REFS = """
insert into raw.claim_ref (claim_ref, visit_token, load_id)
select distinct on (claim_ref) claim_ref, visit_token, load_id
from visit_arrivals
where claim_ref is not null
order by claim_ref, row_number
on conflict do nothing
"""
_DROP_TAKEN = """
delete from visit_arrivals
using raw.claim_ref
where visit_arrivals.claim_ref = claim_ref.claim_ref and visit_arrivals.visit_token <> claim_ref.visit_token
returning visit_arrivals.row_number
"""

# In the order of the key, so that its index grows at its end.
_KEEP = """
insert into raw.visit
select * from visit_arrivals
order by visit_token, state_changed_at, row_sha256
on conflict do nothing
"""


def load(connection: landing.Connection, path: Path, progress: Progress | None = None) -> Receipt:
    """Load one CSV or Parquet file of visits and work out what its visits bill; commit nothing.

    A claim reference belongs to the first visit that brought it, within one file to the earlier row. An observation
    that is known already (same visit, same time, same canonical row) is not kept twice.
    Raises FeedUnreadable when the file is neither CSV nor Parquet or a column is missing.
    """
    return load_file(connection, KIND, path, _keep, progress)


def row_sha256(row: Values) -> str:
    """Return the SHA-256 of the canonical row, which breaks ties between observations of the same time.

    Canonical is the JSON array, in UTF-8 and without blanks, of the values in the order of `COLUMNS` in their
    normal forms: trimmed, UUIDs in lower case, modifiers sorted, times in UTC, numbers as numbers, nothing as null.
    """
    return hashlib.sha256(_encode([row[name] for name in _NAMES]).encode()).hexdigest()


def _keep(load: Load) -> int:
    connection = load.connection
    connection.execute("create temporary table visit_arrivals (like raw.visit including defaults) on commit drop")
    arrived = landing.copy_rows(connection, "visit_arrivals", _STORED, _stored(load))
    connection.execute(_TAKE_CLAIM_REFS)
    taken = sorted(int(row[0]) for row in connection.execute(_DROP_TAKEN))
    load.refused.extend(map(_claim_ref_taken, taken))
    kept = connection.execute(_KEEP).rowcount
    connection.execute("drop table visit_arrivals")
    verdicts.assess(connection, load.load_id - 1)
    load.notes.append(f"{kept} observations are new, {arrived - len(taken) - kept} were known already.")
    return kept


def _stored(load: Load) -> Iterator[list[object]]:
    file_sha256, load_id = load.file.sha256, load.load_id
    without_time = 0
    for number, row in table_file.read(load, COLUMNS, _between_columns):
        row["units"] = row["units"] or 1
        without_time += _has_no_time(row)
        yield [*row.values(), row_sha256(row), file_sha256, number, load_id]
    if without_time:
        load.notes.append(
            f"{without_time} self-pay visits were partially completed and have no start or no end: a practice that"
            " charges by time gets 0 for them."
        )


def _has_no_time(row: Values) -> bool:
    is_partial = row["state"] == State.PARTIALLY_COMPLETED and row["payer_id"] is None
    return is_partial and not (row["started_at"] and row["ended_at"])


def _between_columns(row: Values) -> Iterator[Problem]:
    # Times are ISO text in UTC here, which sorts as the times do.
    start, end, started, ended = (row[name] for name in _TIMES)
    if row["payer_id"] is not None and row["patient_estimate_cents"] is None:
        yield Problem("patient_estimate_cents", None, "is empty; an insured visit needs the patient's estimated share")
    if end <= start:
        yield Problem("scheduled_end", end, "is not after scheduled_start; check both times")
    if started and ended and ended < started:
        yield Problem("ended_at", ended, "is before started_at; check both times")


def _claim_ref_taken(number: int) -> Quarantined:
    message = (
        f"Row {number}: claim_ref belongs to another visit already, the first that brought it, and stays with it. Give"
        " this visit the reference its own claim was sent with, or none, and load the row again."
    )
    return Quarantined(f"row {number}", "visits.claim_ref_taken", None, message)
