"""What a practice decides: its fees, from the newest row of its file; how it treats its patients, set by command."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.rules.billing import DEFAULT_RULES, PartialVisit, PracticeRules
from ledger.rules.dunning import Dunning
from ledger.rules.visit import LATE_CANCEL_HOURS

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True)
class Policy:
    """How a practice treats its patients. A cancellation fewer than `late_cancel_hours` ahead is late."""

    dunning: Dunning = field(default_factory=Dunning)
    late_cancel_hours: int = LATE_CANCEL_HOURS

    def __post_init__(self) -> None:
        """Refuse a window that no practice means."""
        if not 0 <= self.late_cancel_hours <= 14 * 24:
            raise ValueError("Late-cancel hours go from 0 to 336.")

    @property
    def late_within(self) -> timedelta:
        """How long before its start a visit can be cancelled in time."""
        return timedelta(hours=self.late_cancel_hours)


class Terms(NamedTuple):
    """What holds for a visit: its practice's fees, and how long before its start it can be cancelled in time."""

    rules: PracticeRules
    late_within: timedelta


def terms(connection: psycopg.Connection, practice_id: str) -> Terms:
    """Return the terms of a practice as they are now."""
    return Terms(rules(connection, practice_id), policy(connection, practice_id).late_within)


def rules(connection: psycopg.Connection, practice_id: str) -> PracticeRules:
    """Return the fees of a practice: its row in the newest load, within a file the later one; else the defaults.

    The practices' file is their one home, so that a close-out and the books read the same.
    """
    row = connection.execute("select * from ledger.fees_of(%s)", (practice_id,)).fetchone()
    return PracticeRules(row[0], row[1], PartialVisit(row[2])) if row else DEFAULT_RULES


_POLICY = (
    "select practice_id, timezone, quiet_from, quiet_until, visit_hours, days_apart, most_notices, late_cancel_hours"
    " from ledger.practice_policy"
)


def policy(connection: psycopg.Connection, practice_id: str, timezone: str = "UTC") -> Policy:
    """Return how a practice treats its patients; `timezone` holds where it has said none."""
    row = connection.execute(f"{_POLICY} where practice_id = %s".encode(), (practice_id,)).fetchone()
    return _read(row, timezone) if row else Policy(Dunning(timezone))


def policies(connection: psycopg.Connection, timezone: str = "UTC") -> dict[str, Policy]:
    """Return what practices have set, by practice."""
    rows = connection.execute(f"{_POLICY} order by practice_id".encode()).fetchall()
    return {row[0]: _read(row, timezone) for row in rows}


def own_timezone(connection: psycopg.Connection, practice_id: str) -> str | None:
    """Return the time zone a practice has set, None where that is the installation's."""
    row = connection.execute(
        "select timezone from ledger.practice_policy where practice_id = %s", (practice_id,)
    ).fetchone()
    return row[0] if row else None


def set_policy(
    connection: psycopg.Connection, practice_id: str, set_to: Policy, timezone: str | None, made_by: str
) -> None:
    """Keep how a practice treats its patients from now on; no `timezone` is the installation's. The caller commits."""
    dunning = set_to.dunning
    connection.execute(
        """
        insert into ledger.practice_policy
            (practice_id, timezone, quiet_from, quiet_until, visit_hours, days_apart, most_notices, late_cancel_hours,
            changed_by)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (practice_id) do update
        set (timezone, quiet_from, quiet_until, visit_hours, days_apart, most_notices, late_cancel_hours, changed_by,
            changed_at)
        = (excluded.timezone, excluded.quiet_from, excluded.quiet_until, excluded.visit_hours, excluded.days_apart,
            excluded.most_notices, excluded.late_cancel_hours, excluded.changed_by, now())
        """,
        (
            practice_id,
            timezone,
            dunning.quiet_from,
            dunning.quiet_until,
            dunning.visit_hours,
            dunning.days_apart,
            dunning.most_notices,
            set_to.late_cancel_hours,
            made_by,
        ),
    )


def _read(row: tuple[Any, ...], timezone: str) -> Policy:
    _, own, *dunning, late_cancel_hours = row
    return Policy(Dunning(own or timezone, *dunning), late_cancel_hours)
