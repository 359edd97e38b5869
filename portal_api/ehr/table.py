"""Reports as rows of a CSV file, for systems that export and do not call."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

from portal_api.ehr.report import Event, Report, Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMES = ("at", "starts_at", "ends_at")
COLUMNS = (
    *("event", "visit_ref", "at", "patient_ref", "provider_id", "service_code", "starts_at", "ends_at", "payer_id"),
    "cancelled_by",
)
TEXTS = ("patient_ref", "provider_id", "service_code", "payer_id")
WHO_CANCELS = ("patient", "practice")
MOST_ROWS = 5_000


def rows(text: str) -> Iterator[tuple[int, Report | Unusable]]:
    """Yield every row with its line number: what it reports, or why it cannot be read.

    Raises Unusable for a file without the columns, or with too many rows.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")))
    names = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = names
    if missing := [name for name in ("event", "visit_ref") if name not in names]:
        raise Unusable(
            f"The file has no column {' and no column '.join(missing)}; the columns are: {', '.join(COLUMNS)}."
        )
    if unknown := [position for position, name in enumerate(names, 1) if name not in COLUMNS]:
        places = ", ".join(map(str, unknown))
        raise Unusable(f"Column {places} is not one of: {', '.join(COLUMNS)}. Take it out: it may be about a person.")
    for count, row in enumerate(reader, 1):
        if count > MOST_ROWS:
            raise Unusable(f"The file has more than {MOST_ROWS:,} rows; split it.")
        yield reader.line_num, _read(row)


def _read(row: dict[str, str | None]) -> Report | Unusable:
    try:
        return _report(row)
    except Unusable as error:
        return error


def _report(row: dict[str, str | None]) -> Report:
    if None in row or None in row.values():
        raise Unusable("The row has another number of fields than the header.")
    given = {name: (value or "").strip() or None for name, value in row.items()}
    if given["event"] not in set(Event):
        raise Unusable(f"event must be one of: {', '.join(Event)}.")
    if given["visit_ref"] is None:
        raise Unusable("visit_ref is empty.")
    if given.get("cancelled_by") not in {*WHO_CANCELS, None}:
        raise Unusable(f"cancelled_by must be {' or '.join(WHO_CANCELS)}, or empty.")
    more: dict[str, Any] = {name: _time(name, given.get(name)) for name in TIMES}
    more |= {name: given.get(name) for name in TEXTS}
    is_patients = given.get("cancelled_by") == WHO_CANCELS[0]
    return Report(Event(given["event"]), given["visit_ref"], **more, is_patients=is_patients)


def _time(name: str, written: str | None) -> datetime | None:
    if written is None:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise Unusable(f"{name} must be a time such as 2026-11-17T14:00:00-05:00.") from None
    if found.tzinfo is None:
        raise Unusable(f"{name} has no offset: nobody can tell when that is.")
    return found
