"""A visit's story: every row of it is told once, causes before effects, the journal under what it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from dashboards.story import Moment, moments
from tests.dashboards import sample_books


def told() -> list[Moment]:
    """Return the sample's story."""
    return moments(sample_books.story())


def row(kind: str, what: str, source_id: str, /, **details: object) -> dict[str, Any]:
    """Return a row of a story, on one day."""
    at = datetime(2026, 9, 20, 12, tzinfo=UTC) if kind not in {"journal", "claim"} else None
    return {
        "happened_on": date(2026, 9, 20),
        "happened_at": at,
        "step": 1,
        "kind": kind,
        "what": what,
        "amount_cents": 100,
        "counts_as": None,
        "source_id": source_id,
        "details": details,
    }


def journal(kind: str, source: str, line_no: int = 1, reverses: str | None = None) -> dict[str, Any]:
    """Return a line of the journal about something."""
    return row(
        "journal",
        "patient_receivable",
        f"entry {source}",
        source_kind=kind,
        source_id=source,
        line_no=line_no,
        period="2026-09",
        is_late=False,
        recorded_at="2026-11-01T08:00:00+00:00",
        reverses_entry_id=reverses,
    )


def test_the_sample_is_told_in_its_order() -> None:
    assert [moment.title for moment in told()] == [
        "Scheduled",
        "Completed",
        "The primary payer denied the claim",
        "Seen to leak: Denied",
    ]


def test_a_state_tells_what_changed() -> None:
    scheduled, completed = told()[:2]
    assert scheduled.facts["charge_cents"] == 18_000
    assert "started_at" not in scheduled.facts
    assert completed.facts == {"started_at": "2026-09-20 14:02", "ended_at": "2026-09-20 14:50"}


def test_a_claim_has_its_adjustments_and_its_entry_under_it() -> None:
    claim = told()[2]
    assert [(line.what, line.amount_cents, line.note) for line in claim.taken_off] == [
        ("CO-50", 18_000, "Not deemed a medical necessity.")
    ]
    ((head, lines),) = claim.posted.items()
    assert head == "Journal 2026-10-01, in 2026-10, entered 2026-11-01 08:00"
    assert [(line.note, line.what, line.amount_cents) for line in lines] == [
        ("debit", "denial", 18_000),
        ("credit", "payer receivable", -18_000),
    ]


def test_every_entry_stands_under_its_cause_or_by_itself() -> None:
    memo = {"reason": "visit_state", "origin_period": "2026-09", "period": "2026-09", "posting_status": "pending"}
    rows = [
        row("demand", "invoice", "in_1"),
        row("payment", "charge", "ch_1"),
        row("memo", "credit", "m_1", caused_by="x", **memo),
        *(journal(kind, source) for kind, source in (("demand", "in_1"), ("receipt", "ch_1"), ("memo", "m_1"))),
        journal("receipt", "ch_1", 2, reverses="entry ch_0"),
        journal("visit", "token"),
        journal("write_off", "in_1"),
    ]
    found = {moment.title: sum(map(len, moment.posted.values())) for moment in moments(rows)}
    assert found == {
        "Invoice to the patient": 1,
        "The patient paid": 2,
        "Credit memo": 1,
        "The visit's revenue is booked": 1,
        "In the journal: write off": 1,
    }
    paid = next(moment for moment in moments(rows) if moment.kind == "payment")
    assert any("taking back an earlier entry" in head for head in paid.posted)


def test_work_is_told_with_its_words() -> None:
    details = {"kind": "leak", "why": "denied", "made_by": "ada", "ordinal": 1}
    rows = [
        row("work", "opened", "7", said="denied", **details),
        row("work", "noted", "7", said="Called the payer", **details),
    ]
    assert [(moment.title, moment.note) for moment in moments(rows)] == [
        ("Opened: Denied", ""),
        ("Noted: Denied", "Called the payer"),
    ]
